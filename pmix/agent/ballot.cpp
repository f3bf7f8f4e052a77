// SPDX-License-Identifier: Apache-2.0
#include "pmix/agent/ballot.hpp"

#include <chrono>

#include "pmix/agent/host_thread.hpp"
#include "pmix/transport/record_fields.hpp"

namespace cairn::pmix {
namespace {

constexpr double kAnswerSeconds = 10;
constexpr std::chrono::seconds kBetweenTries{1};

template <class Question>
bool same_question(const Question& a, const Vote& b) {
  return a.entry == b.entry && a.step == b.step;
}

}  // namespace

void Ballot::start() {
  start_host_thread("cairn-ballot", [this] { run(); });
}

std::optional<Verdict> Ballot::ask(const Vote& vote) {
  const std::lock_guard lock(mutex_);
  if (verdict_ && same_question(*verdict_, vote)) return verdict_;
  if (!same_question(vote_, vote)) {
    vote_ = vote;
    open_ = true;
    changed_.notify_all();
  }
  return std::nullopt;
}

void Ballot::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return open_; });
    const Vote asked = vote_;
    lock.unlock();
    const auto verdict = answer_to(asked);
    lock.lock();
    if (!same_question(asked, vote_)) continue;
    if (verdict) {
      verdict_ = verdict;
      open_ = false;
    } else {
      changed_.wait_for(lock, kBetweenTries, [&] { return !same_question(asked, vote_); });
    }
  }
}

// Nothing: mpirun does not answer. It may be stopped, and answer later.
std::optional<Verdict> Ballot::answer_to(const Vote& vote) {
  if (!coordinator_) return std::nullopt;
  try {
    const auto link = connect_to(*coordinator_, kAnswerSeconds);
    link->send(to_record(vote));
    const auto answer = link->receive(kAnswerSeconds);
    if (!answer || !is<Verdict>(*answer)) return std::nullopt;
    return from_record<Verdict>(*answer);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace cairn::pmix
