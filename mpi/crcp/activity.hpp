// SPDX-License-Identifier: Apache-2.0
// What the guest's thread is doing in MPI, for progress and failure texts only. Written by guest threads without
// ordering, read by the agent: best effort.
#pragma once

#include <cstdint>

namespace cairn::crcp {

struct Activity {
  const char* call = nullptr;  // literal: the blocking call it is in, or null
  int peer = -1;               // rank in that call's communicator, < 0: none
  std::uint64_t entries = 0;   // entries into MPI while a request is served
};
inline Activity activity;

}  // namespace cairn::crcp
