// SPDX-License-Identifier: Apache-2.0
#include "core/engine/child_main.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/engine/area_dump.hpp"

namespace cairn::engine {

namespace {

void close_between(unsigned first, unsigned last) noexcept {
  if (first > last) return;
  if (close_range(first, last, 0) == 0) return;
  // Before Linux 5.9: descriptors are dense enough for this to be quick.
  for (unsigned fd = first; fd <= std::min(last, 65535u); ++fd) close(static_cast<int>(fd));
}

void close_all_but(std::span<const int> keep) noexcept {
  unsigned first = 0;
  for (const int fd : keep) {
    if (fd < 0) continue;
    if (static_cast<unsigned>(fd) > first) close_between(first, static_cast<unsigned>(fd) - 1);
    first = static_cast<unsigned>(fd) + 1;
  }
  close_between(first, ~0u);
}

// glibc keeps the process number nowhere that matters here, but the raw call is sure.
pid_t own_number() noexcept { return static_cast<pid_t>(syscall(SYS_getpid)); }

void die_with(pid_t parent) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
}

void offer_to_oom_killer() noexcept {
  const int adjust = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (adjust < 0) return;
  [[maybe_unused]] const ssize_t n = write(adjust, "1000", 4);
  close(adjust);
}

void release(const AreaPlan& plan) noexcept {
  if (!plan.releasable) return;
  madvise(reinterpret_cast<void*>(plan.scan.start), plan.scan.end - plan.scan.start, MADV_DONTNEED);
}

// What any of the processes has written is of no use to this one: while it keeps the pages, the program pays for a
// copy of each that it changes.
void release_written(const ChildTask& task, std::size_t& released) noexcept {
  for (; released < task.plans.size() && task.shared->written[released].load() != 0; ++released) {
    release(task.plans[released]);
  }
}

bool write_plans(const ChildTask& task, unsigned index) noexcept {
  AreaDumper dumper(task.lane, task.scanner, true, task.kernel);
  bool good = true;
  std::size_t released = 0;
  for (std::uint64_t i; good && (i = task.shared->next.fetch_add(1)) < task.plans.size();) {
    good = dumper.dump(task.plans[i]);
    if (task.writers == 1 || !good) continue;
    good = dumper.flush();
    task.shared->written[i] = 1;
    release_written(task, released);
  }
  good = dumper.flush() && good;
  ChildReport& report = task.shared->reports[index];
  report.error = dumper.error();
  report.pages_seen = dumper.pages_seen();
  report.statistics = task.lane->statistics();
  __atomic_store_n(&report.done, 1u, __ATOMIC_RELEASE);
  return good;
}

// Starts helpers that do the work, and looks after them: if one of them fails or is killed (perhaps holding the turn on
// a pipe), the others are ended. Returns only if there can be no helper at all.
void lead(const ChildTask& task) noexcept {
  const pid_t self = own_number();
  pid_t helpers[ChildShared::kMaxWriters];
  unsigned started = 0;
  for (; started < task.writers; ++started) {
    helpers[started] = clone_process();
    if (helpers[started] == 0) {
      die_with(self);
      _exit(write_plans(task, started) ? 0 : 1);
    }
    if (helpers[started] < 0) break;
  }
  for (unsigned i = started; i < task.writers; ++i) task.shared->reports[i].done = 1;
  if (started == 0) return;
  for (const AreaPlan& plan : task.plans) release(plan);
  bool good = true;
  for (unsigned left = started; left > 0;) {
    int status = 0;
    const long got = syscall(SYS_wait4, -1, &status, __WALL, nullptr);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) _exit(1);
    --left;
    for (unsigned i = 0; i < started; ++i) {
      if (helpers[i] == got) helpers[i] = -1;
    }
    if (status == 0 || !good) continue;
    good = false;
    for (unsigned i = 0; i < started; ++i) {
      if (helpers[i] > 0) ::kill(helpers[i], SIGKILL);
    }
  }
  _exit(good ? 0 : 1);
}

}  // namespace

pid_t clone_process() noexcept { return static_cast<pid_t>(syscall(SYS_clone, 0, 0, 0, 0, 0)); }

void child_main(const ChildTask& task) noexcept {
  die_with(task.parent);
  close_all_but(task.keep);
  offer_to_oom_killer();
  for (const AreaPlan& plan : task.plans) task.huge->record(plan);
  if (task.writers > 1) lead(task);
  _exit(write_plans(task, 0) ? 0 : 1);
}

}  // namespace cairn::engine
