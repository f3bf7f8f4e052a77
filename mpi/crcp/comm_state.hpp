// SPDX-License-Identifier: Apache-2.0
// What crcp knows of one communicator: the door's counters (door_rules.hpp), the messages
// sent and received per peer, and the messages that a drain took out of the real library.
//
// Ownership: made by comm_created(). comm_freed() makes it a tombstone (comm == null) that lives until the next cut, or
// until no member can report another `entered` (door.hpp). Between the two, comm_held() makes it one that still has
// messages. Changed with the lock of gate.hpp held, on either side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "mpi/crcp/door_rules.hpp"
#include "mpi/shim/handle.hpp"

namespace cairn::crcp {

// A message taken out of the library, packed. Ranks are the sender's in the communicator.
struct QueuedMessage {
  std::int32_t source;
  std::int32_t tag;
  std::size_t size;
  unsigned char* bytes;      // malloc'd; null if size == 0
  std::int32_t waiter = -1;  // p2p/synchronous.hpp: the sender's world rank, if its request is held
  std::uint64_t ticket = 0;  // ... and how it knows that
};

struct CommState : DoorCounters {
  ompi_communicator_t* comm = nullptr;
  ompi_communicator_t* held = nullptr;  // freed by the application, whose requests need it, but for collectives
  bool over = false;                    // held: all members have left it, nobody reports it any more
  std::uint64_t identity = 0;
  std::vector<std::int32_t> members;  // world ranks of all members (both groups), sorted
  bool inter = false;
  std::uint64_t persistent_made = 0;  // persistent collectives on it, ever (p2p/persistent_collective.hpp)
  const char* made_by = nullptr;      // for texts: literal, the call; null: it has always been there

  std::int32_t rank = 0;            // mine, as the peers see it
  std::vector<std::int32_t> peers;  // world rank of peer i (of the remote group, for an intercommunicator)
  std::vector<std::uint64_t> sent;
  std::vector<std::uint64_t> received;
  std::deque<QueuedMessage> queue;

  // Of which the library can be asked for messages, or null.
  ompi_communicator_t* channel() const noexcept { return comm != nullptr ? comm : held; }
};

inline void count_sent(CommState& state, int peer) noexcept {
  if (peer >= 0 && static_cast<std::size_t>(peer) < state.sent.size()) ++state.sent[static_cast<std::size_t>(peer)];
}
inline void count_received(CommState& state, int peer) noexcept {
  if (peer >= 0 && static_cast<std::size_t>(peer) < state.received.size())
    ++state.received[static_cast<std::size_t>(peer)];
}

// All, tombstones included.
std::vector<CommState*>& comm_states() noexcept;
CommState* find_state(std::uint64_t identity, std::int32_t self_world, std::int32_t peer_world) noexcept;

// At a cut: every member has finished the collective that freed them. `everywhere`: nobody will report them again,
// since all have taken the cut; otherwise one that has left the request may.
void forget_tombstones(bool everywhere) noexcept;
// A tombstone of this identity was given up while others may have it still.
bool was_forgotten(std::uint64_t identity) noexcept;

}  // namespace cairn::crcp
