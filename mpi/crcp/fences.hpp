// SPDX-License-Identifier: Apache-2.0
// One request's way through its fences, with the time that a rank may be waited for (docs/quiesce.md, "Giving up"). A
// fence that has been begun is never called back: whoever has waited long enough leaves the request, and waits on
// behind the application's back. Libcr's callback thread, guest's thread pointer.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "mpi/crcp/fence_log.hpp"

namespace cairn::crcp {

enum class Passage {
  passed,
  late,      // the time is over
  lost,      // the connection between the agents
  unjudged,  // the coordinator does not answer: no rank has passed, and all know that
};

inline constexpr double kForever = std::numeric_limits<double>::infinity();

class Fences {
 public:
  // `idle` is called again and again while a fence is waited for.
  explicit Fences(std::function<void()> idle) : idle_(std::move(idle)) {}

  // Contributes and waits until `until` (now.hpp). late: nobody can tell whether the others pass; finish() waits on.
  Passage pass(Bytes part, double until);
  Passage finish() { return wait(kForever); }

  // The same for a fence that all ranks pass or none: the coordinator's verdict number `step` says which. `leave` is
  // called as soon as it is known to be over; late is returned when everybody knows. If a failure ends the request here
  // in any case, no verdict follows it.
  enum class Failures { end, wait_for_verdict };
  Passage pass_together(Bytes part, std::uint64_t step, double until, Failures failures,
                        const std::function<void()>& leave);

  // At the end of a request: nothing of it is left open.
  void close() {
    if (verdicts_.is_open()) wait_for_verdict(kForever);
  }

  const FenceLog& log() const noexcept { return log_; }  // of the last fence that was done

 private:
  struct Decision;

  Passage wait(double until);
  Passage wait_for_verdict(double until);
  Passage decide(Decision& decision, double until);

  std::function<void()> idle_;
  FenceLog log_;
  FenceLog verdicts_;          // may be open still when the next fence is asked for
  bool second_round_ = false;  // of verdicts_
  std::string known_;          // what this rank tells in it
  Bytes part_;                 // ... which then begins with this
  bool waiting_ = false;       // part_ has not been contributed yet
};

}  // namespace cairn::crcp
