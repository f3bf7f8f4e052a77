// SPDX-License-Identifier: Apache-2.0
#include "core/revive/scheduling.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "core/common/unique_fd.hpp"
#include "core/host/raw_syscall.hpp"
#include "core/revive/state/scheduling_abi.hpp"

namespace cairn::revive {
namespace {

using host::raw_syscall;

void write_text(const std::string& path, const std::string& text) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd) static_cast<void>(!write(fd.get(), text.data(), text.size()));
}

bool same(const state::SchedulingAttributes& a, const state::Scheduling& b) {
  return a.policy == b.policy && a.nice == b.nice && a.priority == b.priority && a.flags == b.flags &&
         a.runtime == b.runtime && a.deadline == b.deadline && a.period == b.period;
}

}  // namespace

void restore_scheduling(int tid, const state::ThreadState& thread) {
  write_text("/proc/self/task/" + std::to_string(tid) + "/comm", thread.name);
  if (!thread.affinity.empty()) {
    raw_syscall(SYS_sched_setaffinity, tid, static_cast<long>(thread.affinity.size()),
                reinterpret_cast<long>(thread.affinity.data()));
  }
  if (thread.timer_slack != 0) {
    write_text("/proc/" + std::to_string(tid) + "/timerslack_ns", std::to_string(thread.timer_slack));
  }
  state::SchedulingAttributes now{};
  if (raw_syscall(SYS_sched_getattr, tid, reinterpret_cast<long>(&now), sizeof now, 0) != 0) return;
  const state::Scheduling& s = thread.scheduling;
  if (same(now, s)) return;
  state::SchedulingAttributes wanted{sizeof wanted, s.policy,  s.flags,    s.nice,
                                     s.priority,    s.runtime, s.deadline, s.period};
  raw_syscall(SYS_sched_setattr, tid, reinterpret_cast<long>(&wanted), 0);
}

}  // namespace cairn::revive
