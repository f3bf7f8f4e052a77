// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/doors.hpp"

#include <algorithm>

#include "core/abi/crossing.h"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/group_door.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/crcp/known.hpp"
#include "mpi/crcp/letters.hpp"
#include "mpi/crcp/lifecycle.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::crcp {

namespace {

KnownComms& known() noexcept {
  static auto* const the_comms = new KnownComms;
  return *the_comms;
}

OwedLater& owed_later() noexcept {
  static auto* const the_owed = new OwedLater;
  return *the_owed;
}

EnteredCounts entered_counts() {
  EnteredCounts counts;
  for (const CommState* s : comm_states())
    if (!s->alone && !s->over) counts.comms.push_back({s->identity, s->entered, runs_of(s->members)});
  return counts;
}

Positions positions() {
  Positions all;
  for_each_mpi_thread([&](const MpiThread& t) {
    for (const std::uint64_t call : {t.in_group_call, t.passed_group_call})
      if (call != 0) all.group_calls.push_back(call);
  });
  for (const CommState* s : comm_states())
    if (!s->alone && !s->over) all.comms.push_back({s->identity, s->entered, s->issued, runs_of(s->members)});
  return all;
}

template <class Part>
void take(Decoder& in) {
  Part part;
  in(part);
  known().add(part);
}

const CommState* local_state(std::uint64_t identity) noexcept {
  for (const CommState* s : comm_states())
    if (!s->alone && s->identity == identity) return s;
  return nullptr;
}

// The request was given up: what add_all_owed() cannot note, since the communicator is not here yet.
void keep_owed(Outcome outcome) {
  for (const KnownComm& k : known().all()) {
    if (!k.has(agent::rank()) || local_state(k.identity) != nullptr || was_forgotten(k.identity)) continue;
    const std::uint64_t first = std::max(k.limit, outcome == Outcome::not_level ? 0 : k.limit2) + 1;
    if (first <= k.top) owed_later().add(k.identity, {first, k.top});
  }
}

std::string standing_on(const CommState* s, std::uint64_t limit) {
  if (s == nullptr) return "a communicator that it does not have yet";
  return describe(*s) + ", " + std::to_string(s->entered) + " of " + std::to_string(limit);
}

// Calls visit(communicator, its state here or null) for those that this rank is a member of and not level on, until it
// says false.
template <class Visit>
void for_each_late(Visit&& visit) {
  for (const KnownComm& k : known().all()) {
    if (!k.has(agent::rank())) continue;
    const CommState* s = local_state(k.identity);
    if (!is_level_on(k.limit, s, was_forgotten(k.identity)) && !visit(k, s)) return;
  }
}

class Doors final : public Participant {
 public:
  int prepare() noexcept override { return agent::present() ? letters_open() : MPI_SUCCESS; }

  std::string obstacle() override {
    const char* call = nullptr;
    for_each_mpi_thread([&](const MpiThread& t) {
      if (const char* own = t.awaits_outsiders.load(std::memory_order_relaxed)) call = own;
    });
    if (call == nullptr) return {};
    return "it is in " + std::string(call) + ", which waits for processes outside of its communicator";
  }

  void contribute(Fence fence, Encoder& out) override {
    if (fence == Fence::request) {
      known() = {};
      EnteredCounts part = entered_counts();
      out(part);
    } else if (fence == Fence::freeze) {
      Positions part = positions();
      out(part);
    }
  }

  void read(Fence fence, int /*rank*/, Decoder& in) override {
    if (fence == Fence::request) take<EnteredCounts>(in);
    if (fence == Fence::freeze) take<Positions>(in);
  }

  std::string heard(Fence fence) override {
    if (fence == Fence::request || fence == Fence::freeze)
      for (CommState* s : comm_states()) apply_limits(*s);
    return {};
  }

  void progress() noexcept override { duties(); }

  // In no group call, and entered >= limit for everything this rank is a member of, known here yet or not.
  std::string behind() override {
    if (any_mpi_thread([](const MpiThread& t) { return t.in_group_call != 0; }))
      return "collectives of a communicator that is being made";
    std::string where;
    for_each_late([&](const KnownComm& k, const CommState* s) {
      where = "collectives of " + standing_on(s, k.limit);
      return false;
    });
    return where;
  }

  bool settled() noexcept override { return has_caught_up() && all_admissions_settled(); }

  std::string resume(Outcome outcome) override {
    if (outcome == Outcome::new_library) {
      forget_all_admissions();
      forget_listening();
      if (letters_open_again() != MPI_SUCCESS)
        return "its MPI objects could not be made again: the communicator of the checkpointer";
    } else {
      if (outcome == Outcome::not_level)  // nobody was released
        for (CommState* s : comm_states()) s->limit2 = 0;
      add_all_owed();
    }
    if (outcome == Outcome::same_library || outcome == Outcome::new_library) {
      forget_tombstones(outcome == Outcome::new_library);
      owed_later().clear();  // all members have all communicators now
    } else {
      keep_owed(outcome);
    }
    return {};
  }

  void finish() noexcept override { letters_close(); }

 private:
  // entered == limit2 everywhere, and no thread stands at the door of a released group call.
  static bool has_caught_up() noexcept {
    if (any_mpi_thread(
            [](const MpiThread& t) { return t.awaited_group_call != 0 && is_released(t.awaited_group_call); }))
      return false;
    return std::all_of(comm_states().begin(), comm_states().end(),
                       [](const CommState* s) { return s->alone || s->comm == nullptr || s->entered >= s->limit2; });
  }
};

}  // namespace

Participant& doors() noexcept {
  static Doors the_doors;
  return the_doors;
}

std::string late_on() {
  std::string all;
  for_each_late([&](const KnownComm& k, const CommState* s) {
    all += (all.empty() ? "" : " ") + std::to_string(k.identity) + ":" + std::to_string(s == nullptr ? 0 : s->entered);
    return true;
  });
  return all;
}

std::string describe(const CommState& state) {
  const ompi_communicator_t* const comm = state.channel();
  if (comm != nullptr && comm->name[0] != 0) return comm->name;
  std::string text = "a communicator of " + std::to_string(state.members.size()) + " ranks";
  if (state.made_by != nullptr) text += std::string(" made by ") + state.made_by;
  return text;
}

void apply_limits(CommState& state) noexcept {
  const KnownComm* k = state.alone ? nullptr : known().find(state.identity);
  state.limit = k == nullptr ? 0 : k->limit;
  state.limit2 = k == nullptr ? 0 : k->limit2;
  state.top = k == nullptr ? 0 : k->top;
}

bool take_owed(CommState& state) noexcept { return owed_later().take(state.identity, state.owed); }

bool is_released(std::uint64_t group_call) noexcept { return known().is_released(group_call); }

}  // namespace cairn::crcp
