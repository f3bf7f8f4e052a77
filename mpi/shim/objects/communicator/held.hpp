// SPDX-License-Identifier: Apache-2.0
// Communicators that the application has freed while requests of its own still need them (mpi/p2p/references.hpp). The
// application cannot use them; the real ones stay until no request does, and are made again in a restart. All members
// take part in that, also those that have freed it and need it no more: they tell each other before the cut.
// One with persistent collectives keeps its door: they stand there when they are started. What a member has no request
// for cannot be started by the others either.
//
// Threads: the list is changed with TableLock held, behind a door or in a section; the rest is the callback thread's.
#pragma once

#include <cstdint>
#include <vector>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

// Instead of freeing the real communicator and comm_release(). Behind the door.
void comm_hold_back(ompi_communicator_t* comm) noexcept;
// Lets those go that nobody needs any more. Behind a door or in a section; crosses.
void comm_reap_held();

ompi_communicator_t* first_held() noexcept;  // `next` is the next one

// One that some rank needs the library for.
struct HeldComm {
  std::uint64_t identity = 0;
  std::vector<std::int32_t> members, remote;  // world ranks, in their order; remote: of an intercommunicator
  std::uint32_t starters = 0;  // members that may still start collectives: 0 or 1 as said, all of them as kept
  template <class Archive>
  void fields(Archive& a) {
    a(identity, members, remote, starters);
  }
  // By all members, or by none.
  bool starts() const noexcept { return starters == members.size() + remote.size(); }
};
struct HeldComms {
  std::vector<HeldComm> comms;
  template <class Archive>
  void fields(Archive& a) {
    a(comms);
  }
};

// What this rank says. Forgets what was said at the last cut.
HeldComms held_comms();
// What some rank has said: kept if this one is a member.
void held_comms_add(int world_rank, const HeldComms& said);
// All that this rank is a member of.
const std::vector<HeldComm>& held_by_anybody() noexcept;
// Collectives may still be started on this one.
bool held_starts(std::uint64_t identity) noexcept;
// The handle of one of them, null: this rank needs it no more.
ompi_communicator_t* find_held(std::uint64_t identity) noexcept;

}  // namespace cairn::shim
