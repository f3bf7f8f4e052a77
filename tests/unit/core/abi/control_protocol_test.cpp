// SPDX-License-Identifier: Apache-2.0
// What comes over the control socket is looked at only if its bytes are values.
#include "core/abi/control_protocol.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace cairn {
namespace {

bool understood(const cairn_control_request& request) { return cairn_control_understands(request, sizeof request); }

TEST(ControlProtocol, ARequestOfDefaultsIsUnderstood) { EXPECT_TRUE(understood({})); }

TEST(ControlProtocol, AnotherSizeOrVersionIsNot) {
  cairn_control_request request;
  EXPECT_FALSE(cairn_control_understands(request, sizeof request - 1));
  request.version += 1;
  EXPECT_FALSE(understood(request));
}

TEST(ControlProtocol, ABoolMustBeZeroOrOne) {
  cairn_control_request request;
  const unsigned char two = 2;
  std::memcpy(&request.parameters.sync, &two, sizeof two);
  EXPECT_FALSE(understood(request));
}

TEST(ControlProtocol, AnEnumerationMustHaveAName) {
  cairn_control_request request;
  request.parameters.fork = static_cast<ForkMode>(3);
  EXPECT_FALSE(understood(request));
}

TEST(ControlProtocol, ADurationMustBeANumberNotBelowZero) {
  for (double nonsense : {-1.0, std::nan(""), HUGE_VAL}) {
    cairn_control_request request;
    request.parameters.timeout = nonsense;
    EXPECT_FALSE(understood(request)) << nonsense;
  }
}

TEST(ControlProtocol, ATextMustEnd) {
  cairn_control_request request;
  std::memset(request.parameters.engine.bytes, 'x', sizeof request.parameters.engine.bytes);
  EXPECT_FALSE(understood(request));
}

TEST(ControlProtocol, AReplyIsLookedAtLikewise) {
  cairn_control_reply reply;
  EXPECT_TRUE(cairn_control_understands(reply, sizeof reply));
  const unsigned char two = 2;
  std::memcpy(&reply.statistics.forked, &two, sizeof two);
  EXPECT_FALSE(cairn_control_understands(reply, sizeof reply));
}

}  // namespace
}  // namespace cairn
