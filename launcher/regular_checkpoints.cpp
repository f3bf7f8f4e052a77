// SPDX-License-Identifier: Apache-2.0
#include "launcher/regular_checkpoints.hpp"

#include <atomic>
#include <cstdio>
#include <utility>

namespace cairn::launcher {

struct RegularCheckpoints::Shared {
  pmix::Coordinator& coordinator;
  const double every;
  const Report report;
  const Complain complain;
  std::atomic<unsigned> left_out{0};  // since the last one was begun
  std::atomic<bool> told{false};

  void tell(double seconds) {
    if (left_out == 0 || told.exchange(true)) return;
    char text[160];
    std::snprintf(
        text, sizeof text,
        "a checkpoint took %.1f s, longer than the %g s of --cr-every: those that are due meanwhile are left out",
        seconds, every);
    complain(text);
  }
};

RegularCheckpoints::RegularCheckpoints(pmix::Coordinator& coordinator, double every, Report report, Complain complain)
    : shared_(new Shared{coordinator, every, std::move(report), std::move(complain)}) {}

void RegularCheckpoints::due() {
  if (shared_->coordinator.is_busy()) {
    ++shared_->left_out;
    return;
  }
  shared_->left_out = 0;
  shared_->coordinator.request(to_record(pmix::CheckpointWish()),
                               [shared = shared_, since = Stopwatch()](const Record& answer) {
                                 shared->report(answer);
                                 shared->tell(since.seconds());
                               });
}

}  // namespace cairn::launcher
