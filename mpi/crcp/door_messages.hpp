// SPDX-License-Identifier: Apache-2.0
// What the doors tell each other in the fences.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::crcp {

// Consecutive world ranks.
struct RankRun {
  std::int32_t first = 0;
  std::uint32_t count = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(first, count);
  }
};

struct EnteredCount {
  std::uint64_t identity = 0, entered = 0;
  std::vector<RankRun> members;
  template <class Archive>
  void fields(Archive& a) {
    a(identity, entered, members);
  }
};

// F0: of every communicator, tombstones too.
struct EnteredCounts {
  std::vector<EnteredCount> comms;
  template <class Archive>
  void fields(Archive& a) {
    a(comms);
  }
};

struct Position {
  std::uint64_t identity = 0, entered = 0, issued = 0;
  std::vector<RankRun> members;
  template <class Archive>
  void fields(Archive& a) {
    a(identity, entered, issued, members);
  }
};

// F2: the same, and the group calls that threads are inside, or whose door they have passed.
struct Positions {
  std::vector<std::uint64_t> group_calls;
  std::vector<Position> comms;
  template <class Archive>
  void fields(Archive& a) {
    a(group_calls, comms);
  }
};

std::vector<RankRun> runs_of(const std::vector<std::int32_t>& sorted);
// Throws PermanentError if there cannot be that many.
std::vector<std::int32_t> ranks_of(const std::vector<RankRun>& runs);

}  // namespace cairn::crcp
