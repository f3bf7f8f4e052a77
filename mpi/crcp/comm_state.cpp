// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/comm_state.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "mpi/crcp/communicators.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/doors.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/recent_numbers.hpp"
#include "mpi/shim/objects/communicator/held.hpp"

namespace cairn::crcp {

namespace {

constexpr std::size_t kTombstones = 64;
constexpr std::size_t kRemembered = 4096;

struct Registry {
  std::vector<CommState*> states;
  // Tombstones that were given up between cuts: a member that is one collective behind may still report them; see
  // forget_below().
  RecentNumbers forgotten{kRemembered};
  std::size_t tombstones = 0;
};
Registry& registry() noexcept {
  static Registry* const the_registry = new Registry;
  return *the_registry;
}

std::vector<std::int32_t> ranks_of(const shim::MemberList* list) {
  if (list == nullptr) return {};
  return {list->world, list->world + list->size};
}

void destroy(CommState* state) noexcept {
  for (QueuedMessage& m : state->queue) std::free(m.bytes);
  delete state;
}

// Every member of `newer` has begun its creation, so it has left every collective before that on communicators whose
// members are all among them (collectives of a correct program may synchronise): nobody will report those again, but
// for a member that has not yet come out of the creation, whose reports find `forgotten`.
void forget_below(const CommState& newer) noexcept {
  Registry& r = registry();
  if (r.tombstones < kTombstones || mode() != Mode::normal) return;
  std::erase_if(r.states, [&](CommState* s) {
    if (s->comm != nullptr || s->over || !proves_left(newer.members, s->members)) return false;
    r.forgotten.add(s->identity);
    --r.tombstones;
    s->over = true;
    if (s->held != nullptr) return false;
    destroy(s);
    return true;
  });
}

CommState* make_state(ompi_communicator_t& comm) {
  auto* state = new CommState;
  state->comm = &comm;
  state->identity = comm.identity;
  state->inter = comm.inter;
  state->rank = comm.rank;
  state->members = ranks_of(comm.members);
  state->peers = comm.inter ? ranks_of(comm.remote_members) : state->members;
  if (comm.inter) state->members.insert(state->members.end(), state->peers.begin(), state->peers.end());
  std::sort(state->members.begin(), state->members.end());
  // With processes of another job it has no door either: they take part in no request, and this one is refused.
  state->alone = state->members.size() == 1 || state->members.front() == shim::kOutsider;
  state->sent.assign(state->peers.size(), 0);
  state->received.assign(state->peers.size(), 0);
  return state;
}

// At a cut: what was sent has been received, and those that hold nothing of it any more will not count on.
void leave_behind(CommState& state) noexcept {
  state.over = true;
  std::fill(state.sent.begin(), state.sent.end(), 0);
  std::fill(state.received.begin(), state.received.end(), 0);
}

}  // namespace

std::vector<CommState*>& comm_states() noexcept { return registry().states; }

bool comm_can_go(const ompi_communicator_t& comm) noexcept {
  return comm.crcp == nullptr || comm.crcp->comm == nullptr || may_free(Mode::normal, *comm.crcp);
}

bool was_forgotten(std::uint64_t identity) noexcept { return registry().forgotten.has(identity); }

CommState* find_state(std::uint64_t identity, std::int32_t local_rank, std::int32_t peer_world) noexcept {
  for (CommState* state : registry().states) {
    if (state->identity != identity || state->rank != local_rank) continue;
    if (std::find(state->peers.begin(), state->peers.end(), peer_world) != state->peers.end()) return state;
  }
  return nullptr;
}

void forget_tombstones(bool everywhere) noexcept {
  Registry& r = registry();
  if (everywhere) r.forgotten.clear();
  for (CommState* s : r.states)
    if (s->comm != nullptr && s->comm->held && !shim::held_starts(s->identity))
      s->held = std::exchange(s->comm, nullptr);
  std::erase_if(r.states, [&](CommState* s) {
    if (s->comm != nullptr) return false;
    if (!everywhere) r.forgotten.add(s->identity);
    if (s->held != nullptr) {
      leave_behind(*s);
      return false;
    }
    destroy(s);
    return true;
  });
  r.tombstones = 0;
}

void comm_created(ompi_communicator_t& comm) noexcept {
  const InnerLock lock;
  CommState* state = make_state(comm);
  state->made_by = mpi_thread().call;
  if (mode() != Mode::normal) apply_limits(*state);
  if (take_owed(*state)) attention_set(kOwed);
  forget_below(*state);
  registry().states.push_back(state);
  comm.crcp = state;
}

void comm_held(ompi_communicator_t& comm) noexcept {
  const InnerLock lock;
  CommState* state = comm.crcp;
  state->comm = nullptr;
  state->held = &comm;
  if (!state->alone) ++registry().tombstones;
}

void comm_freed(ompi_communicator_t& comm) noexcept {
  if (comm.crcp == nullptr) return;
  const InnerLock lock;
  CommState* state = comm.crcp;
  comm.crcp = nullptr;
  const bool counted = state->held != nullptr;
  state->comm = state->held = nullptr;
  // Who has left it behind at a cut may still be told of messages that were sent since.
  if (!state->alone && !was_forgotten(state->identity)) {
    if (!counted) ++registry().tombstones;
    return;
  }
  std::erase(registry().states, state);
  destroy(state);
}

}  // namespace cairn::crcp
