// SPDX-License-Identifier: Apache-2.0
// The fences of one request: join, then F0 to F4 (docs/quiesce.md, "The phases"). All ranks contribute to each, in this
// order. F0 and F2 are each followed by a verdict, which may take two rounds; F2 and its verdict may be repeated.
#pragma once

#include <cstdint>

namespace cairn::crcp {

enum class Fence : std::uint8_t {
  join,     // all ranks answer; nothing of the application has been touched
  request,  // F0: may be checkpointed; what has been begun
  level,    // F1: level, or what keeps it from being so
  freeze,   // F2: mode is CLOSED; may still be checkpointed; closes an aborted request as well
  verdict,  // do all pass the fence before, or none?
  settled,  // F3: nobody inside; what has been sent
  drained,  // F4: nothing is under way; the cut
};

}  // namespace cairn::crcp
