// SPDX-License-Identifier: Apache-2.0
// What core/abi/self_request.hpp points to, as libcr of 0.1.0 had it before version 2. That libcr lies in the images of
// its time, and in all that are made of the programs restarted from them: nothing here may change. Plain data; only the
// host looks at it (core/host/self_request_v1.hpp).
#pragma once

#include <cstdint>

namespace cairn::v1 {

inline constexpr std::uint32_t kSelfRequestVersion = 1;  // of struct cairn_self_request, which is the same in both
inline constexpr std::uint32_t kControlVersion = 1;      // of what it points to

enum : std::uint32_t { kToFile = 0x1, kByReference = 0x2, kNoSync = 0x4, kWasStopped = 0x8 };

struct ControlRequest {
  std::uint32_t magic, version, size;
  std::uint32_t command;
  std::uint32_t flags;
  std::uint32_t existing;
  std::uint32_t fork_mode;  // automatic, yes, no
  std::int32_t signal;
  double deadline;  // seconds, for everything before memory is written; 0: the default
  char name[1024];
  char backup[1024];
  char engine[16];    // empty: the default
  char compress[16];  // the same
};

struct ControlReply {
  std::uint32_t magic, version, size;
  std::uint32_t state;
  std::int32_t code;
  std::uint32_t forked;
  std::uint64_t bytes;
  std::uint64_t memory_bytes;  // was never known
  std::uint64_t checksum;
  double callback_seconds, stop_seconds, pause_seconds, write_seconds;
  char text[2048];
};

struct SelfResult {
  std::uint32_t done;  // futex: 1 once `reply` is final
  std::uint32_t reserved;
  ControlReply reply;
};

static_assert(sizeof(ControlRequest) == 2120 && sizeof(ControlReply) == 2128 && sizeof(SelfResult) == 2136);

}  // namespace cairn::v1
