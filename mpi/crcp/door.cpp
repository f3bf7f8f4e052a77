// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/door.hpp"

#include <sched.h>

#include <algorithm>

#include "core/abi/crossing.h"
#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/crcp/letters.hpp"
#include "mpi/p2p/adopt.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::crcp {

namespace {

struct Door {
  Mode mode = Mode::normal;
  std::vector<RecordedCollective> recorded;
};

Door& door() noexcept {
  static Door* const the_door = new Door;  // never destroyed: threads may stand here while the process exits
  return *the_door;
}

// Enters the library. An Ibarrier of an intercommunicator says nothing about one's own side: there, letters.
void issue(CommState& state, std::uint64_t k) noexcept {
  Admission a{k, true};
  if (!state.inter) {
    const std::uint64_t guest = cairn_enter();
    shim::real.Ibarrier(shim::to_real(state.comm), &a.request);
    cairn_leave(guest);
  }
  state.admissions.push_back(a);
  state.issued = k;
  attention_set(kOwed);
}

// Admissions and the steps of a running MPI_Comm_idup are collectives of one kind to the library, which numbers them as
// they come: the steps, whose moment is the library's, are through first, so that all members have the same order.
// True: the admission needs not be issued, or has been.
bool issue_if_needed(CommState& state, std::uint64_t k) noexcept {
  if (!needs_issue(mode(), state, k)) return true;
  if (!state.inter && !p2p::duplications_settled(*state.comm)) return false;
  issue(state, k);
  return true;
}

// The door of a blocking collective when something is out of the ordinary. In a section on entry; in a collective, or
// (nested callers aside) with the section given up for good, on return.
void stand_at_door(CommState& state, const char* name, Fate fate) noexcept {
  const std::uint64_t k = ++state.called;
  const bool last = fate == Fate::ends;
  mpi_thread().standing_at = name;
  for (;;) {
    if (mode() != Mode::closed) duties();
    if (state.entered == k - 1) {
      if (issue_if_needed(state, k) && is_open(mode(), state, k) && (!last || may_free(mode(), state))) break;
    }
    wait_at_door();
  }
  mpi_thread().standing_at = nullptr;
  state.entered = k;
}

bool all_have_issued(const CommState& state, Admission& a) noexcept {
  if (state.inter) return all_have_come(state.identity ^ a.k * 0x9e3779b97f4a7c15ULL, state.members, a.rounds);
  int done = 0;
  const std::uint64_t guest = cairn_enter();
  shim::real.Test(&a.request, &done, MPI_STATUS_IGNORE);
  cairn_leave(guest);
  return done != 0;
}

bool progress_admissions(CommState& state) noexcept {
  for (Admission& a : state.admissions)
    if (a.pending) a.pending = !all_have_issued(state, a);
  return tidy_admissions(state);
}

void begin_recorded() noexcept {
  auto& list = door().recorded;
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const RecordedCollective r = list[i];
      if (r.state->entered != r.k - 1) continue;
      if (!issue_if_needed(*r.state, r.k) || !is_open(mode(), *r.state, r.k)) continue;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      r.state->entered = r.k;
      r.begin(r.data);
      again = true;
      break;
    }
  }
  if (list.empty()) attention_clear(kRecorded);
}

// For texts: a call of the library that is not polled, so that all is noted at once.
inline void begin_outside(const char* name, const ompi_communicator_t* comm, const void* frame,
                          const char* towards = nullptr) noexcept {
  MpiThread& self = mpi_thread();
  self.call = self.frame_of = name;
  self.frame = frame;
  self.comm = comm;
  self.towards = towards;
}

}  // namespace

Mode mode() noexcept { return door().mode; }

void set_mode(Mode m) noexcept {
  door().mode = m;
  if (m == Mode::normal)
    attention_clear(kMode);
  else
    attention_set(kMode);
  if (m >= Mode::closed)
    attention_set(kClosed);
  else
    attention_clear(kClosed);
}

void duties() noexcept {
  const std::uint32_t bits = attention();
  if ((bits & kOwed) != 0) {
    bool left = false;
    for (CommState* state : comm_states())  // others may need letters about one that has been freed here
      if ((state->comm != nullptr || state->inter) && progress_admissions(*state)) left = true;
    if (!left) attention_clear(kOwed);
  }
  if ((bits & kRecorded) != 0) begin_recorded();
}

void add_all_owed() noexcept {
  for (CommState* state : comm_states())
    if (state->comm != nullptr && add_owed(*state)) attention_set(kOwed);
}

void forget_all_admissions() noexcept {
  for (CommState* state : comm_states()) forget_admissions(*state);
  attention_clear(kOwed);
}

bool all_admissions_settled() noexcept {
  const auto& all = comm_states();
  return std::all_of(all.begin(), all.end(), [](const CommState* s) { return admissions_settled(*s); });
}

void record_collective(const RecordedCollective& recorded) noexcept {
  door().recorded.push_back(recorded);
  attention_set(kRecorded);
}

void wait_at_door() noexcept {
  const bool frozen = mode() >= Mode::closed;
  const std::uint32_t seen = attention();
  unlock_to(kOut);
  if (frozen)
    wait_for_change(seen);
  else
    sched_yield();
  lock_from(kOut);
}

void collective_begin(ompi_communicator_t& comm, const char* name, const void* frame, Fate fate) noexcept {
  if (!come_in()) return;  // from a callback of the library: part of the collective around it
  CommState& state = *comm.crcp;
  begin_outside(name, &comm, frame);
  gate_store(kSection);
  if (__builtin_expect(attention() == 0, 1)) {
    state.entered = ++state.called;
    unlock_to(kCollective);
  } else {
    gate_slow();
    stand_at_door(state, name, fate);
    go_inside();
  }
}

bool collective_begin_or_defer(ompi_communicator_t& comm, const char* name) noexcept {
  constexpr std::uint32_t kReasons = kWanted | kClosed | kMode | kOwed | kRecorded;
  if (!come_in()) return true;
  CommState& state = *comm.crcp;
  gate_store(kSection);
  if (__builtin_expect((attention() & (kReasons | kSeveral)) != 0, 0)) gate_slow();
  ++state.called;
  if (__builtin_expect((attention() & kReasons) != 0, 0)) return false;
  begin_outside(name, &comm, nullptr);
  state.entered = state.called;
  unlock_to(kCollective);
  return true;
}

void collective_end(ompi_communicator_t&) noexcept { inside_end(); }

void inside_begin(const char* name, const ompi_communicator_t* of, const void* frame) noexcept {
  if (!come_in()) return;
  begin_outside(name, of, frame, kTowardsNobody);
  gate_store(kSection);
  if (__builtin_expect(attention() == 0, 1)) {
    unlock_to(kCollective);
  } else {
    gate_slow();
    go_inside();
  }
}

void inside_end() noexcept {
  if (--gate_depth != 0) return;
  come_outside();
  mpi_thread().call = nullptr;
  unlock_to(kOut);
}

}  // namespace cairn::crcp
