// SPDX-License-Identifier: Apache-2.0
#include "core/state/threads/scheduling.hpp"

#include <sys/resource.h>

#include <string>

#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/threads/scheduling_abi.hpp"

namespace cairn::state {
namespace {

bool same(const SchedulingAttributes& a, const Scheduling& b) {
  return a.policy == b.policy && a.nice == b.nice && a.priority == b.priority && a.flags == b.flags &&
         a.runtime == b.runtime && a.deadline == b.deadline && a.period == b.period;
}

}  // namespace

void restore_scheduling(int tid, const ThreadState& thread) {
  write_file("/proc/self/task/" + std::to_string(tid) + "/comm", thread.name);
  if (!thread.affinity.empty()) {
    raw_syscall(SYS_sched_setaffinity, tid, static_cast<long>(thread.affinity.size()),
                reinterpret_cast<long>(thread.affinity.data()));
  }
  SchedulingAttributes now{};
  if (raw_syscall(SYS_sched_getattr, tid, reinterpret_cast<long>(&now), sizeof now, 0) != 0) return;
  const Scheduling& s = thread.scheduling;
  // What sched_setattr() leaves as it is, of threads with another policy than the usual ones.
  if (getpriority(PRIO_PROCESS, static_cast<id_t>(tid)) != s.nice)
    setpriority(PRIO_PROCESS, static_cast<id_t>(tid), s.nice);
  if (same(now, s)) return;
  SchedulingAttributes wanted{sizeof wanted, s.policy, s.flags, s.nice, s.priority, s.runtime, s.deadline, s.period};
  raw_syscall(SYS_sched_setattr, tid, reinterpret_cast<long>(&wanted), 0);
}

}  // namespace cairn::state
