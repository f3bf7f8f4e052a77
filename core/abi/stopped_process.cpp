// SPDX-License-Identifier: Apache-2.0
#include "core/abi/stopped_process.hpp"

#include <signal.h>

#include <exception>
#include <string>

#include "core/abi/forked_copy.hpp"
#include "core/abi/guest_table.h"
#include "core/abi/layout.h"
#include "core/base/proc.hpp"
#include "core/base/queued_signal.hpp"

namespace cairn {
namespace {

// Those that stand for a checkpoint, or a restart, take it when they go on; those of the host, which block it, never.
void hold_threads(pid_t pid) {
  check_sandbox(pid);
  const bool copy = is_forked_copy(pid);
  const std::string threads = "/proc/" + std::to_string(pid) + "/task";
  for (const std::string& name : directory_entries(threads)) {
    const auto tid = static_cast<int>(to_number(name));
    if (copy) queue_signal_for_thread(pid, tid, CAIRN_STOP_SIGNAL, CAIRN_ADOPT_VALUE);  // taken in this order
    queue_signal_for_thread(pid, tid, CAIRN_STOP_SIGNAL, CAIRN_HOLD_VALUE);
  }
}

}  // namespace

void wake_for_checkpoint(pid_t pid) noexcept {
  try {
    hold_threads(pid);
  } catch (const std::exception&) {  // then it goes on a little
  }
  kill(pid, SIGCONT);
}

}  // namespace cairn
