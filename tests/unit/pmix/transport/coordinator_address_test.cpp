// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/coordinator_address.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cairn::pmix {
namespace {

TEST(CoordinatorAddress, ComesBackFromTheEnvironment) {
  const CoordinatorAddress address{{"10.0.0.1", "fe80::1"}, 4711, make_link_key()};
  for (const auto& [name, value] : address.to_environment()) ::setenv(name.c_str(), value.c_str(), 1);
  const auto back = CoordinatorAddress::from_environment();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->addresses, address.addresses);
  EXPECT_EQ(back->port, address.port);
  EXPECT_EQ(back->key, address.key);
}

TEST(CoordinatorAddress, IsNothingWhereTheVariablesMakeNoSense) {
  ::setenv(kCoordinatorKeyVariable, to_hex(make_link_key()).c_str(), 1);
  for (const char* bad : {"", "x", "0;10.0.0.1", "70000;10.0.0.1", "4711"}) {
    ::setenv(kCoordinatorVariable, bad, 1);
    EXPECT_FALSE(CoordinatorAddress::from_environment()) << bad;
  }
}

}  // namespace
}  // namespace cairn::pmix
