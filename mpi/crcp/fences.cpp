// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/fences.hpp"

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/now.hpp"

namespace cairn::crcp {

namespace {

constexpr double kBetweenQuestions = 0.005;

Passage passage(FenceLog::Result result) noexcept {
  return result == FenceLog::Result::done ? Passage::passed : Passage::lost;
}

}  // namespace

// What is known about one verdict.
struct Fences::Decision {
  const std::uint64_t step;
  const std::function<void()>& leave;
  bool known = false, over = false;

  void learn(bool is_over) {
    known = true;
    over = is_over;
    if (over) leave();
  }
  void ask(bool pass) {
    const int verdict = known ? CAIRN_AGENT_UNDECIDED : agent::verdict(step, pass);
    if (verdict == CAIRN_AGENT_PASSED || verdict == CAIRN_AGENT_OVER) learn(verdict == CAIRN_AGENT_OVER);
  }
  double next_question() const { return known ? kForever : now() + kBetweenQuestions; }
};

Passage Fences::wait_for_verdict(double until) {
  for (;;) {
    if (const auto result = verdicts_.test(); result != FenceLog::Result::open) return passage(result);
    if (now() >= until) return Passage::late;
    idle_();
  }
}

Passage Fences::wait(double until) {
  if (verdicts_.is_open())
    if (const Passage p = wait_for_verdict(until); p != Passage::passed) return p;
  if (waiting_ && !log_.begin(part_)) return Passage::lost;
  waiting_ = false;
  for (;;) {
    if (const auto result = log_.test(); result != FenceLog::Result::open) return passage(result);
    if (now() >= until) return Passage::late;
    idle_();
  }
}

Passage Fences::pass(Bytes part, double until) {
  part_ = std::move(part);
  waiting_ = true;
  return wait(until);
}

Passage Fences::pass_together(Bytes part, std::uint64_t step, double until, Failures failures,
                              const std::function<void()>& leave) {
  Decision decision{step, leave};
  for (Passage p = pass(std::move(part), until); p != Passage::passed; p = wait(decision.next_question())) {
    if (p == Passage::lost) return p;
    decision.ask(false);
  }
  const bool ended = failures == Failures::end && log_.any_failed();
  if (!ended && decide(decision, until) == Passage::lost) return Passage::lost;
  return decision.over ? Passage::late : Passage::passed;
}

// Everybody has contributed. Rank 0 asks, and tells the others; who knows that all pass need not wait for it.
Passage Fences::decide(Decision& decision, double until) {
  while (agent::rank() == 0 && !decision.known) {
    decision.ask(true);
    idle_();
  }
  if (!verdicts_.begin(make_part(Fence::verdict, {decision.over ? "it is over" : ""}))) return Passage::lost;
  while (!decision.known || decision.over) {
    const Passage p = wait_for_verdict(decision.known ? kForever : until);
    if (p != Passage::late) {
      if (p == Passage::passed && !decision.known) decision.learn(verdicts_.any_failed());
      return p;
    }
    decision.ask(false);
    until = decision.next_question();
  }
  return Passage::passed;
}

}  // namespace cairn::crcp
