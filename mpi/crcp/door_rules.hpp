// SPDX-License-Identifier: Apache-2.0
// The rules of the door (docs/quiesce.md, "The door"), over the counters of one communicator: no MPI, no lock, no
// globals. The names are the model's. Whoever calls holds the lock of gate.hpp.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::shim {
struct RealRequest;
}

namespace cairn::crcp {

// left: the request is over, but not closed: some rank may still be in `admit`, and count on what others issue.
enum class Mode : std::uint32_t { normal, waitres, admit, left, closed, release };

struct Interval {
  std::uint64_t first, last;
};

// How far this rank is in a barrier of letters (letters.hpp).
struct Rounds {
  int done = 0;
  bool sent = false;  // what belongs to the next one
};

// That this rank has come to collective k, told to all members: an Ibarrier of the real library, or letters.
struct Admission {
  std::uint64_t k;
  bool pending;                          // some member may not have issued it
  shim::RealRequest* request = nullptr;  // of the Ibarrier
  Rounds rounds = {};                    // of the letters: intercommunicators
};

struct DoorCounters {
  bool alone = false;  // one member: no door needed
  std::uint64_t called = 0;
  std::uint64_t entered = 0;
  std::uint64_t issued = 0;
  std::uint64_t limit = 0;
  std::uint64_t limit2 = 0;
  std::uint64_t top = 0;
  std::vector<Interval> owed;
  std::vector<Admission> admissions;  // by k; complete ones at the front are removed

  bool is_owed(std::uint64_t k) const noexcept;
  // This rank has issued admission k, and all members have.
  bool admitted(std::uint64_t k) const noexcept;
};

// Collective k may not begin before this rank has issued its admission, and may issue it now.
bool needs_issue(Mode mode, const DoorCounters& door, std::uint64_t k) noexcept;
bool is_open(Mode mode, const DoorCounters& door, std::uint64_t k) noexcept;

// The collective that frees the communicator: the real library must not hold an admission of ours then. All members
// come here, having issued what they owe before, so that waiting ends; while mode is RELEASE some member has passed.
bool may_free(Mode mode, const DoorCounters& door) noexcept;

// Forgets complete admissions and what is owed no more. True: something is left to look after.
bool tidy_admissions(DoorCounters& door) noexcept;

// owed += {limit + 1 .. top} without those <= limit2. True if there are any.
bool add_owed(DoorCounters& door);
// The real library is a new one: nothing is issued there, nothing owed.
void forget_admissions(DoorCounters& door) noexcept;
// Own Ibarriers k <= limit2 are complete.
bool admissions_settled(const DoorCounters& door) noexcept;

// F1 may be given as far as one communicator is concerned, whose greatest `entered` is `limit`. `door` is this rank's:
// null if it does not have the communicator (yet, or any more: forgotten).
bool is_level_on(std::uint64_t limit, const DoorCounters* door, bool forgotten) noexcept;

// A communicator of the members `newer` proves, by having been made, that all members of a freed one have left it.
// Both sorted.
bool proves_left(const std::vector<std::int32_t>& newer, const std::vector<std::int32_t>& freed) noexcept;

}  // namespace cairn::crcp
