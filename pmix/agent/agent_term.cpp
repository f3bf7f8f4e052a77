// SPDX-License-Identifier: Apache-2.0
// How an order with `term` ends: all guests end, or all go on. See agent.hpp.
//
// A guest that has been saved stands until the end is decided, since what it did afterwards would be lost. If a rank is
// late (stopped, say), the others ask the coordinator when the time is over (docs/coordinator.md, "Verdicts"): either
// the manifest is on disk, and the job will end; or it is never written, and they let their guests go.
#include <algorithm>
#include <chrono>
#include <thread>

#include "pmix/agent/agent.hpp"
#include "pmix/agent/outcome.hpp"

namespace cairn::pmix {
namespace {

constexpr double kLeastStand = 2;
constexpr double kDecisionSeconds = 120;
constexpr std::chrono::milliseconds kBetweenLooks{5};

// F6. unknown: mpirun has not answered. The program goes on, and the images stay: it may write the manifest yet.
constexpr char kEnd[] = "end", kGoOn[] = "go on", kUnknown[] = "unknown";

}  // namespace

// Nothing: it is not time to ask, or there is no answer yet. False: the job goes on, and so does the guest.
std::optional<bool> Agent::ask_for_the_end(std::uint64_t n, Outcome& outcome) {
  if (!outcome.stands || outcome.since_order.seconds() < std::max(kLeastStand, outcome.may_stand)) return std::nullopt;
  const auto verdict = ballot_.ask({transport_->job(), n, kStepOfEnd, false});
  if (!verdict) return std::nullopt;
  if (!verdict->passed) {
    phase("gave up, and waits for a rank that is late");
    group_->release(-1);
    outcome.stands = false;
  }
  return verdict->passed;
}

Agent::Parts Agent::gather_or_let_go(std::uint64_t n, const std::string& mine, Outcome& outcome) {
  if (!outcome.stands) return transport_->gather(as_bytes(mine));
  transport_->gather_begin(as_bytes(mine));
  while (!transport_->gather_test()) {
    ask_for_the_end(n, outcome);
    std::this_thread::sleep_for(kBetweenLooks);
  }
  Parts parts;
  for (int r = 0; r < size(); ++r) parts.push_back(transport_->part(r));
  return parts;
}

// Rank 0.
std::string Agent::await_decision(std::uint64_t n, Outcome& outcome) {
  const auto word = [](bool commit) { return commit ? kEnd : kGoOn; };
  const Stopwatch waited;
  std::unique_lock lock(state_mutex_);
  for (bool last = false; !last;) {
    last = waited.seconds() >= kDecisionSeconds;
    if (state_changed_.wait_for(lock, kBetweenLooks, [&] { return decided_.entry == n; })) return word(decided_.commit);
    lock.unlock();
    if (const auto end = ask_for_the_end(n, outcome)) return word(*end);
    lock.lock();
  }
  return kUnknown;
}

bool Agent::decided_to_end(std::uint64_t n, bool all_well, Outcome& outcome) {
  std::string said = kGoOn;
  if (transport_->rank() == 0 && all_well && outcome.stands && link_) {
    phase("waiting for the manifest");
    said = await_decision(n, outcome);
  }
  const Parts parts = gather_or_let_go(n, said, outcome);
  const std::string decision = as_text(parts.at(0));
  outcome.keep_file = decision == kUnknown;
  if (link_ && decision != kEnd) link_->send(GoesOn{n});
  return decision == kEnd;
}

}  // namespace cairn::pmix
