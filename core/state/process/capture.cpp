// SPDX-License-Identifier: Apache-2.0
#include "core/state/working_directory/capture.hpp"

#include <linux/prctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/seccomp_filters.hpp"
#include "core/state/process/kind.hpp"
#include "core/state/process/limits.hpp"
#include "core/state/resident.hpp"
#include "core/state/settings/sandbox.hpp"

namespace cairn::state {
namespace {

bool children_are_members = false;

void check_children() {
  if (children_are_members) return;
  const std::vector<std::string> children = children_of("self");
  if (children.empty()) return;
  const std::string& child = children.front();
  const std::string status = read_file("/proc/" + child + "/status").value_or("");
  const std::string state(field(status, "State"));
  throw TemporaryError("it has a child process " + child + " (" + std::string(field(status, "Name")) +
                       (state.starts_with("Z") ? ", ended but not waited for)" : ")") + ", which is not saved with it");
}

long faults_of_children() noexcept {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  return used.ru_minflt;
}

void capture_memory_layout(ProcessState& process) {
  // Fields of proc(5), counted from 3: state.
  const auto stat = stat_fields("/proc/self/stat");
  auto number = [&](std::size_t index) { return index - 3 < stat.size() ? to_number(stat[index - 3]) : 0; };
  process.parent = static_cast<std::int32_t>(number(4));
  process.group = static_cast<std::int32_t>(number(5));
  process.session = static_cast<std::int32_t>(number(6));
  process.brk_start = number(47);
  process.brk_end = host::current_brk();
  process.arguments = number(48);
  process.arguments_end = number(49);
  process.environment = number(50);
  process.environment_end = number(51);
}

// Only what the kernel holds for the process, not for the calling thread.
void capture_prctl(ProcessState& process) {
  int value = 0;
  process.dumpable = static_cast<std::uint32_t>(prctl(PR_GET_DUMPABLE));
  process.thp_disable = static_cast<std::uint32_t>(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
  if (prctl(PR_GET_CHILD_SUBREAPER, &value) == 0) process.child_subreaper = static_cast<std::uint32_t>(value);
}

void capture_interval_timers(ProcessState& process) {
  for (int which = 0; which < 3; ++which) {
    itimerval timer{};
    if (getitimer(static_cast<__itimer_which_t>(which), &timer) != 0) continue;
    // Expired, its signal pending: the kernel starts the next period when the signal is taken.
    if (timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0) timer.it_value = timer.it_interval;
    process.timers[which] = {timer.it_interval.tv_sec * 1000000LL + timer.it_interval.tv_usec,
                             timer.it_value.tv_sec * 1000000LL + timer.it_value.tv_usec};
  }
}

void check() {
  // First: below another root there may be no /proc to read.
  if (read_link("/proc/self/root") != "/") throw PermanentError("it has changed its root directory (chroot)");
  const std::string status = read_file_or_throw("/proc/self/status");
  if (to_number(field(status, "TracerPid")) != 0)
    throw TemporaryError("it is being traced by process " + std::string(field(status, "TracerPid")));
  if (getuid() != geteuid() || getgid() != getegid())
    throw PermanentError("its real and effective user or group differ (a set-id program)");
  if (prctl(PR_GET_DUMPABLE) != 1 && access("/proc/self/pagemap", R_OK) != 0)
    throw TemporaryError("it may not be dumped (PR_SET_DUMPABLE): the kernel does not show it its own pages");
  for (int tid : host::guest_threads()) {
    const auto text = read_file("/proc/self/task/" + std::to_string(tid) + "/status");
    if (text && seccomp_filters(*text) != filters_at_start())
      throw PermanentError("thread " + std::to_string(tid) + " has a seccomp filter");
  }
  check_children();
}

ProcessState describe() {
  ProcessState process;
  process.pid = getpid();
  process.personality = static_cast<std::uint64_t>(personality(0xffffffff));
  process.directory = working_directory();
  process.program = host::guest_exe();
  process.name = trimmed(read_file("/proc/self/task/" + std::to_string(getpid()) + "/comm").value_or(""));
  const std::string status = read_file_or_throw("/proc/self/status");
  process.no_new_privileges = static_cast<std::uint32_t>(to_number(field(status, "NoNewPrivs")));
  process.mask = static_cast<std::uint32_t>(to_number(field(status, "Umask"), 8));
  process.oom_score_adjustment = std::atoi(read_file("/proc/self/oom_score_adj").value_or("0").c_str());
  capture_memory_layout(process);
  capture_prctl(process);
  process.limits = limits_of_guest();
  capture_interval_timers(process);
  process.clocks = {trimmed(read_file("/proc/sys/kernel/random/boot_id").value_or("")), clock_now(CLOCK_REALTIME),
                    clock_now(CLOCK_MONOTONIC), clock_now(CLOCK_BOOTTIME)};
  return process;
}

}  // namespace

bool has_children() { return !children_of("self").empty(); }
ChildrenAllowed::ChildrenAllowed() noexcept { children_are_members = true; }
ChildrenAllowed::~ChildrenAllowed() { children_are_members = false; }

ChildrenSince::ChildrenSince() noexcept : faults_(faults_of_children()) {}
bool ChildrenSince::any() const { return faults_of_children() != faults_ || has_children(); }

void process_obstacle(const cairn_guest& /*guest*/) {
  check();
  static_cast<void>(describe());
}

std::vector<std::uint8_t> capture_process(Capture& capture) {
  check();
  ProcessState process = describe();
  process.stopped = capture.was_stopped;
  capture.brk_start = process.brk_start;
  capture.brk_end = process.brk_end;
  return encode(process);
}

}  // namespace cairn::state
