// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/door.hpp"

#include <sched.h>

#include <algorithm>

#include "core/abi/crossing.h"
#include "mpi/crcp/activity.hpp"
#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/crcp/known.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::crcp {

namespace {

struct Door {
  Mode mode = Mode::normal;
  const char* standing = nullptr;
  std::vector<RecordedCollective> recorded;
};

Door& door() noexcept {
  static Door* const the_door = new Door;  // never destroyed: threads may stand here while the process exits
  return *the_door;
}

bool admissions_done(const CommState& state) noexcept {
  return std::none_of(state.admissions.begin(), state.admissions.end(),
                      [](const Admission& a) { return a.request != nullptr; });
}

// The door of a blocking collective when something is out of the ordinary. In a section on entry; in a collective, or
// (nested callers aside) with the section given up for good, on return.
void stand_at_door(CommState& state, const char* name, Fate fate) noexcept {
  const std::uint64_t k = ++state.called;
  // The real library must not hold an admission of ours on a communicator that it frees. All members come here, having
  // issued what they owe before, so that the wait ends; while mode is RELEASE some member has passed it.
  const bool last = fate == Fate::ends;
  door().standing = name;
  for (;;) {
    if (mode() != Mode::closed) duties();
    if (state.entered == k - 1) {
      if (needs_issue(state, k)) issue(state, k);
      if (is_open(state, k) && (!last || mode() == Mode::release || admissions_done(state))) break;
    }
    wait_at_door();
  }
  door().standing = nullptr;
  state.entered = k;
}

bool finish_admission(CommState& state, Admission& a) noexcept {
  int done = 0;
  {
    const std::uint64_t guest = cairn_enter();
    shim::real.Test(&a.request, &done, MPI_STATUS_IGNORE);
    cairn_leave(guest);
  }
  if (done == 0) return false;
  a.request = nullptr;
  if (!state.inter || a.second) return true;
  a.second = true;
  const std::uint64_t guest = cairn_enter();
  shim::real.Ibarrier(shim::to_real(state.comm), &a.request);
  cairn_leave(guest);
  return false;
}

bool progress_admissions(CommState& state) noexcept {
  for (Admission& a : state.admissions)
    if (a.request != nullptr) finish_admission(state, a);
  // The newest stays: it answers admitted(issued).
  while (!state.admissions.empty() && state.admissions.front().request == nullptr &&
         (state.admissions.size() > 1 || state.entered >= state.admissions.front().k))
    state.admissions.erase(state.admissions.begin());
  std::erase_if(state.owed, [&](const Interval& i) { return i.last <= state.entered; });
  return !state.admissions.empty() || !state.owed.empty();
}

void begin_recorded() noexcept {
  auto& list = door().recorded;
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const RecordedCollective r = list[i];
      if (r.state->entered != r.k - 1) continue;
      if (needs_issue(*r.state, r.k)) issue(*r.state, r.k);
      if (!is_open(*r.state, r.k)) continue;
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      r.state->entered = r.k;
      r.begin(r.data);
      again = true;
      break;
    }
  }
  if (list.empty()) attention_clear(kRecorded);
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

bool needs_issue(const CommState& state, std::uint64_t k) noexcept {
  if (state.alone || state.entered != k - 1 || state.issued >= k) return false;
  const Mode m = mode();
  const bool owed = (m == Mode::normal || m == Mode::admit) && state.is_owed(k);
  return owed || (m == Mode::admit && k > state.limit);
}

bool is_open(const CommState& state, std::uint64_t k) noexcept {
  if (state.entered != k - 1 || needs_issue(state, k)) return false;
  switch (mode()) {
    case Mode::normal:
      return true;
    case Mode::waitres:
    case Mode::closed:
      return false;
    case Mode::admit:
      return state.alone || k <= state.limit || state.admitted(k);
    case Mode::release:
      return k <= state.limit2;
  }
  return false;
}

void issue(CommState& state, std::uint64_t k) noexcept {
  Admission a{k, nullptr, !state.inter};
  const std::uint64_t guest = cairn_enter();
  shim::real.Ibarrier(shim::to_real(state.comm), &a.request);
  cairn_leave(guest);
  state.admissions.push_back(a);
  state.issued = k;
  attention_set(kOwed);
}

void duties() noexcept {
  const std::uint32_t bits = attention();
  if ((bits & kOwed) != 0) {
    bool left = false;
    for (CommState* state : comm_states())
      if (state->comm != nullptr && progress_admissions(*state)) left = true;
    if (!left) attention_clear(kOwed);
  }
  if ((bits & kRecorded) != 0) begin_recorded();
}

void add_owed() noexcept {
  for (CommState* state : comm_states()) {
    const std::uint64_t first = std::max(state->limit, state->limit2) + 1;
    if (first > state->top || state->comm == nullptr) continue;
    state->owed.push_back({first, state->top});
    attention_set(kOwed);
  }
}

void forget_admissions() noexcept {
  for (CommState* state : comm_states()) {
    state->issued = 0;
    state->owed.clear();
    state->admissions.clear();
  }
  attention_clear(kOwed);
}

bool admissions_settled() noexcept {
  for (CommState* state : comm_states())
    for (const Admission& a : state->admissions)
      if (a.k <= state->limit2 && a.request != nullptr) return false;
  return true;
}

const char* standing_at() noexcept { return door().standing; }

void record_collective(const RecordedCollective& recorded) noexcept {
  door().recorded.push_back(recorded);
  attention_set(kRecorded);
}

bool collectives_recorded() noexcept { return !door().recorded.empty(); }

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

void collective_begin(ompi_communicator_t& comm, const char* name, Fate fate) noexcept {
  if (gate_depth++ != 0) return;  // from a callback of the library: part of the collective around it
  CommState& state = *comm.crcp;
  activity.call = name;
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
  if (gate_depth++ != 0) return true;
  CommState& state = *comm.crcp;
  gate_store(kSection);
  if (__builtin_expect((attention() & kReasons) == 0, 1)) {
    activity.call = name;
    state.entered = ++state.called;
    unlock_to(kCollective);
    return true;
  }
  gate_slow();
  ++state.called;
  return false;
}

void collective_end(ompi_communicator_t&) noexcept {
  if (--gate_depth != 0) return;
  come_outside();
  activity.call = nullptr;
  unlock_to(kOut);
}

}  // namespace cairn::crcp
