// SPDX-License-Identifier: Apache-2.0
// What the checkpoint of one process came to. The same struct goes from the engine through the reply of the control
// socket, or the results that ranks gather, to the command and into the manifest.
//
// Plain data of fixed size: libcr uses it, which has no C++ runtime library. A new figure is a member and its line in
// fields(); everybody else walks those. Bytes, seconds.
#pragma once

#include <cstdint>

#include "core/base/fixed_text.hpp"

namespace cairn {

enum class Unit : std::uint32_t { none, bytes, pages, seconds };

// What a figure is beside its value.
struct Figure {
  const char* name;  // in records, and of its column
  Unit unit = Unit::none;
  const char* group = nullptr;  // of the manifest, in which its column is; null: the manifest does not keep it
};

struct CheckpointStatistics {
  std::uint64_t bytes = 0;     // of the context file: so far, or in all
  std::uint64_t checksum = 0;  // of its index, as in its trailer
  std::uint64_t pages_seen = 0, pages_stored = 0;
  std::uint64_t payload_bytes = 0;  // contents of memory in it
  std::uint64_t huge_bytes = 0;     // put together to huge pages again after a fork had split them
  double callback_seconds = 0;      // for the callbacks of the program
  double stop_seconds = 0;          // until all threads stood
  double pause_seconds = 0;         // they stood
  double dump_seconds = 0;          // of these, in the engine
  double write_seconds = 0;         // from the beginning of the dump until the file was whole
  bool forked = false;
  FixedText<256> fork_reason;  // why forked, or not

  // Hands each member, with its description, to `a`.
  template <class A>
  void fields(A& a) {
    a(Figure{"bytes", Unit::bytes, "images"}, bytes);
    a(Figure{"checksum", Unit::none, "images"}, checksum);
    a(Figure{"pages_seen", Unit::pages, "ranks"}, pages_seen);
    a(Figure{"pages_stored", Unit::pages, "ranks"}, pages_stored);
    a(Figure{"payload_bytes", Unit::bytes}, payload_bytes);
    a(Figure{"huge_bytes", Unit::bytes}, huge_bytes);
    a(Figure{"callback_seconds", Unit::seconds, "timings"}, callback_seconds);
    a(Figure{"stop_seconds", Unit::seconds, "timings"}, stop_seconds);
    a(Figure{"pause_seconds", Unit::seconds, "timings"}, pause_seconds);
    a(Figure{"dump_seconds", Unit::seconds}, dump_seconds);
    a(Figure{"write_seconds", Unit::seconds, "timings"}, write_seconds);
    a(Figure{"forked"}, forked);
    a(Figure{"fork_reason"}, fork_reason);
  }
};

}  // namespace cairn
