// SPDX-License-Identifier: Apache-2.0
// rt_sigaction as the kernel wants it.
#pragma once

#include <cstdint>

extern "C" void cairn_restorer(void) __attribute__((visibility("hidden")));
extern "C" const char cairn_restorer_end[] __attribute__((visibility("hidden")));

namespace cairn::guest {

struct KernelAction {
  uint64_t handler;
  uint64_t flags;
  uint64_t restorer;
  uint64_t mask;
};

constexpr uint64_t kRestorerFlag = 0x04000000;  // SA_RESTORER

constexpr uint64_t signal_bit(int signal) { return 1ULL << (signal - 1); }

}  // namespace cairn::guest
