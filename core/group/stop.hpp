// SPDX-License-Identifier: Apache-2.0
// The host's side of the conversation in core/abi/guest_table.h: thread-context callbacks, stopping the guest's
// threads, letting them go: the consistent stop. Ordinary code on a host thread; one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/abi/guest_table.h"
#include "core/base/deadline.hpp"
#include "core/engine/node_request.hpp"

namespace cairn::group {

class Stop {
 public:
  explicit Stop(cairn_guest& guest);
  // Lets go whatever still stands, as a failure.
  ~Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  // Has the thread-context callbacks run up to their cr_checkpoint(). Throws what they say (TemporaryError,
  // PermanentError), or TemporaryError at the deadline.
  // `at_work`, if any: the deadline does not count while it is true.
  void run_callbacks(const Deadline& deadline, const std::function<bool()>& at_work = {});
  // Stops every guest thread. Throws TemporaryError that names the thread that does not stop, and what it does.
  // With a node request they stand in its barrier, and it returns when all of this node do.
  void stop(const Deadline& deadline, engine::NodeRequest* node = nullptr);
  // Ends both: threads and callbacks go on. `result` is 0, or negative for a failure (-CR_E...). Idempotent.
  void release(int result) noexcept;

  bool stopped() const noexcept { return stopped_; }
  std::uint32_t epoch() const noexcept { return epoch_; }
  // The slot of a stopped thread; null if it has none.
  const cairn_thread* slot_of(int tid) const noexcept;

 private:
  void stop_threads(const Deadline& deadline);
  bool all_standing(std::vector<int>& threads) const;
  void wait_until_asleep(const Deadline& deadline) const;
  void wait_until_running() const noexcept;

  cairn_guest& guest_;
  engine::NodeRequest* node_ = nullptr;
  std::uint32_t epoch_ = 0;
  bool asked_ = false;    // callbacks
  bool stopped_ = false;  // stop_wanted is set
};

// "thread 4711 (worker): state D, in pipe_read, system call 0"
std::string describe_thread(int tid);

}  // namespace cairn::group
