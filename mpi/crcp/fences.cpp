// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/fences.hpp"

#include <algorithm>

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/now.hpp"

namespace cairn::crcp {

namespace {

constexpr double kBetweenQuestions = 0.005;
constexpr double kLeastForAnswer = 1;  // also when this rank itself was late

// What a rank tells of a verdict; nothing: all pass, or (in the first round, but for rank 0) it says nothing.
const char kOver[] = "it is over";
const char kUnknown[] = "mpirun does not say";

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
  const char* told() const { return !known ? kUnknown : over ? kOver : ""; }
  Passage passage() const { return !over ? Passage::passed : Passage::late; }
  double next_question() const { return known ? kForever : now() + kBetweenQuestions; }
};

Passage Fences::wait_for_verdict(double until) {
  for (;;) {
    const auto result = verdicts_.test();
    if (result == FenceLog::Result::lost) return Passage::lost;
    if (result == FenceLog::Result::done) {
      const bool unknown = verdicts_.any_says(kUnknown) && !verdicts_.any_says(kOver);
      if (second_round_ || !unknown) return Passage::passed;
      second_round_ = true;
      if (!verdicts_.begin(make_part(Fence::verdict, {known_}))) return Passage::lost;
    }
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
  return ended ? decision.passage() : decide(decision, until);
}

// Everybody has contributed. Rank 0 asks, and tells the others; who knows that all pass need not wait for it. If rank 0
// has had no answer, there is a second round: from then on nobody listens to the coordinator any more, and all have
// what any of them has heard before.
Passage Fences::decide(Decision& decision, double until) {
  const bool tells = agent::rank() == 0;
  const double answer_until = std::max(until, now() + kLeastForAnswer);
  while (tells && !decision.known && now() < answer_until) {
    decision.ask(true);
    idle_();
  }
  second_round_ = false;
  if (!verdicts_.begin(make_part(Fence::verdict, {tells || decision.over ? decision.told() : ""})))
    return Passage::lost;
  for (;;) {
    known_ = decision.told();
    if (decision.known && !decision.over) return Passage::passed;
    const Passage p = wait_for_verdict(decision.known ? kForever : until);
    if (p == Passage::lost) return p;
    if (p == Passage::passed) break;
    if (!second_round_) decision.ask(false);
    until = second_round_ ? kForever : decision.next_question();
  }
  if (decision.known) return decision.passage();
  if (second_round_ && verdicts_.all_say(kUnknown)) return Passage::unjudged;
  decision.learn(verdicts_.any_says(kOver));
  return decision.passage();
}

}  // namespace cairn::crcp
