// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

namespace cairn::crcp {

// Seconds, of the clock that does not jump.
inline double now() noexcept {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace cairn::crcp
