// SPDX-License-Identifier: Apache-2.0
// What the fences of the request being served have told this rank about all communicators of the job, its own or not.
// No MPI, no globals; whoever has one holds the lock of gate.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "mpi/crcp/door_messages.hpp"
#include "mpi/crcp/door_rules.hpp"

namespace cairn::crcp {

struct KnownComm {
  std::uint64_t identity = 0;
  std::vector<std::int32_t> members;  // world ranks, sorted
  std::uint64_t limit = 0, limit2 = 0, top = 0;

  bool has(std::int32_t world_rank) const noexcept;
};

class KnownComms {
 public:
  // One rank's part. They throw PermanentError if it makes no sense.
  void add(const EnteredCounts& counts);
  void add(const Positions& positions);

  const KnownComm* find(std::uint64_t identity) const noexcept;
  const std::vector<KnownComm>& all() const noexcept { return comms_; }
  // Some rank was inside this group call at the freeze, or had passed its door.
  bool is_released(std::uint64_t group_call) const noexcept;

 private:
  KnownComm& make(std::uint64_t identity, const std::vector<RankRun>& members);

  std::vector<KnownComm> comms_;
  std::vector<std::uint64_t> released_;
};

// Admissions that a request which was given up has left owed on communicators that this rank does not have yet: it is
// still inside of their creation, or has not looked at its MPI_Comm_idup, while others use them. Kept until this rank
// has them too, at the latest until a cut.
class OwedLater {
 public:
  void add(std::uint64_t identity, const Interval& owed) { all_.push_back({identity, owed}); }
  // What was kept for it, which it then owes itself. True if there was any.
  bool take(std::uint64_t identity, std::vector<Interval>& owed);
  void clear() noexcept { all_.clear(); }

 private:
  struct Owed {
    std::uint64_t identity;
    Interval owed;
  };
  std::vector<Owed> all_;
};

}  // namespace cairn::crcp
