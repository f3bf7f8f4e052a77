// SPDX-License-Identifier: Apache-2.0
// An agent's questions to the coordinator whether all ranks pass a fence or none does (docs/coordinator.md,
// "Verdicts"). Any rank may have to ask, also when rank 0 is stopped, so each question has a connection of its own.
//
// A thread of its own does the waiting: ask() never blocks. It is called by one thread at a time, in the order of the
// questions: a later one takes the place of an earlier one. Lives as long as its process.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

#include "pmix/transport/coordinator_address.hpp"
#include "pmix/transport/messages.hpp"

namespace cairn::pmix {

class Ballot {
 public:
  explicit Ballot(std::optional<CoordinatorAddress> coordinator) : coordinator_(std::move(coordinator)) {}

  void start();
  // The verdict, or nothing: there is none yet. Asking again for the same entry and step, whatever the vote, asks the
  // same question.
  std::optional<Verdict> ask(const Vote& vote);

 private:
  void run();
  std::optional<Verdict> answer_to(const Vote& vote);

  std::optional<CoordinatorAddress> coordinator_;  // the thread's
  std::mutex mutex_;
  std::condition_variable changed_;
  Vote vote_;
  bool open_ = false;  // vote_ has no answer yet
  std::optional<Verdict> verdict_;
};

}  // namespace cairn::pmix
