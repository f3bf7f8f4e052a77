// SPDX-License-Identifier: Apache-2.0
// What an older libcr asks and hears means today what it meant then.
#include "core/host/self_request_v1.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace cairn::host {
namespace {

v1::ControlRequest old_request() {
  v1::ControlRequest old{};
  old.magic = CAIRN_CONTROL_MAGIC;
  old.version = v1::kControlVersion;
  old.size = sizeof old;
  old.command = CAIRN_CONTROL_CHECKPOINT;
  std::strcpy(old.name, "context.7");
  std::strcpy(old.engine, "user");
  std::strcpy(old.compress, "zstd");
  return old;
}

template <std::size_t N>
void fill(char (&text)[N]) {
  std::memset(text, 'x', N);
}

TEST(SelfRequestV1, WhatIsAskedIsTheSame) {
  v1::ControlRequest old = old_request();
  old.existing = CAIRN_CONTROL_BACKUP;
  old.fork_mode = 2;
  old.signal = 15;
  old.deadline = 2.5;
  std::strcpy(old.backup, "before");
  const auto request = from_v1(old);
  ASSERT_TRUE(request);
  EXPECT_TRUE(cairn_control_understands(*request, sizeof *request));
  EXPECT_EQ(request->command, static_cast<std::uint32_t>(CAIRN_CONTROL_CHECKPOINT));
  EXPECT_EQ(request->existing, static_cast<std::uint32_t>(CAIRN_CONTROL_BACKUP));
  EXPECT_EQ(request->signal, 15);
  EXPECT_STREQ(request->name, "context.7");
  EXPECT_STREQ(request->backup, "before");
  EXPECT_EQ(request->parameters.engine.view(), "user");
  EXPECT_EQ(request->parameters.compress.view(), "zstd");
  EXPECT_EQ(request->parameters.fork, ForkMode::no);
  EXPECT_EQ(request->parameters.timeout, 2.5);
}

TEST(SelfRequestV1, FlagsBecomeFlagsAndParameters) {
  v1::ControlRequest old = old_request();
  const auto without = from_v1(old);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->flags, 0u);
  EXPECT_FALSE(without->parameters.by_reference);
  EXPECT_TRUE(without->parameters.sync);
  old.flags = v1::kToFile | v1::kByReference | v1::kNoSync | v1::kWasStopped;
  const auto with = from_v1(old);
  ASSERT_TRUE(with);
  EXPECT_EQ(with->flags, CAIRN_CONTROL_TO_FD | CAIRN_CONTROL_WAS_STOPPED);
  EXPECT_TRUE(with->parameters.by_reference);
  EXPECT_FALSE(with->parameters.sync);
}

TEST(SelfRequestV1, EmptyTextsAreDefaults) {
  v1::ControlRequest old = old_request();
  old.engine[0] = old.compress[0] = '\0';
  const auto request = from_v1(old);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->parameters.engine.view(), "auto");
  EXPECT_EQ(request->parameters.compress.view(), "none");
}

TEST(SelfRequestV1, BytesThatAreNoRequestAreRefused) {
  const auto refused = [](auto spoil) {
    v1::ControlRequest old = old_request();
    spoil(old);
    return !from_v1(old);
  };
  EXPECT_TRUE(refused([](auto& old) { ++old.magic; }));
  EXPECT_TRUE(refused([](auto& old) { ++old.version; }));
  EXPECT_TRUE(refused([](auto& old) { --old.size; }));
  EXPECT_TRUE(refused([](auto& old) { old.flags = 0x10; }));
  EXPECT_TRUE(refused([](auto& old) { old.existing = 4; }));
  EXPECT_TRUE(refused([](auto& old) { old.fork_mode = 3; }));
  EXPECT_TRUE(refused([](auto& old) { old.deadline = -1; }));
  EXPECT_TRUE(refused([](auto& old) { old.deadline = std::nan(""); }));
  EXPECT_TRUE(refused([](auto& old) { old.deadline = std::numeric_limits<double>::infinity(); }));
  EXPECT_TRUE(refused([](auto& old) { fill(old.name); }));
  EXPECT_TRUE(refused([](auto& old) { fill(old.backup); }));
  EXPECT_TRUE(refused([](auto& old) { fill(old.engine); }));
  EXPECT_TRUE(refused([](auto& old) { fill(old.compress); }));
}

TEST(SelfRequestV1, TheReplyHasTheOldLayout) {
  cairn_control_reply reply;
  reply.state = CAIRN_CONTROL_DONE;
  reply.code = 3;
  reply.statistics.forked = true;
  reply.statistics.bytes = 4096;
  reply.statistics.checksum = 0x0123456789abcdef;
  reply.statistics.callback_seconds = 1;
  reply.statistics.stop_seconds = 2;
  reply.statistics.pause_seconds = 3;
  reply.statistics.write_seconds = 4;
  std::strcpy(reply.text, "why");
  const v1::ControlReply old = to_v1(reply);
  EXPECT_EQ(old.magic, CAIRN_CONTROL_MAGIC);
  EXPECT_EQ(old.version, 1u);
  EXPECT_EQ(old.size, 2128u);
  EXPECT_EQ(old.state, static_cast<std::uint32_t>(CAIRN_CONTROL_DONE));
  EXPECT_EQ(old.code, 3);
  EXPECT_EQ(old.forked, 1u);
  EXPECT_EQ(old.bytes, 4096u);
  EXPECT_EQ(old.memory_bytes, 0u);
  EXPECT_EQ(old.checksum, 0x0123456789abcdefu);
  EXPECT_EQ(old.callback_seconds, 1);
  EXPECT_EQ(old.stop_seconds, 2);
  EXPECT_EQ(old.pause_seconds, 3);
  EXPECT_EQ(old.write_seconds, 4);
  EXPECT_STREQ(old.text, "why");
}

}  // namespace
}  // namespace cairn::host
