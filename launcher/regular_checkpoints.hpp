// SPDX-License-Identifier: Apache-2.0
// The checkpoints that mpirun takes by itself, every so many seconds (--cr-every). One that is due while another is
// still being taken, by whomever, or when the job is ending is left out: the next one comes in its turn.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "pmix/coordinator/coordinator.hpp"

namespace cairn::launcher {

class RegularCheckpoints {
 public:
  using Report = std::function<void(const Record&)>;         // what has become of one
  using Complain = std::function<void(const std::string&)>;  // a line for people

  // The coordinator, and what the functions use, live as long as the process.
  RegularCheckpoints(pmix::Coordinator& coordinator, double every, Report report, Complain complain);

  // One is due. Never blocks; of one thread. `report`, and once `complain` where one takes longer than `every`, are
  // called on some thread.
  void due();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // with answers that are still to come
};

}  // namespace cairn::launcher
