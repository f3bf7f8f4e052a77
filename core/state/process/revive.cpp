// SPDX-License-Identifier: Apache-2.0
#include <linux/prctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/credentials/state.hpp"
#include "core/state/process/kind.hpp"
#include "core/state/process/limits.hpp"
#include "core/state/resident.hpp"
#include "core/state/settings/state.hpp"

namespace cairn::state {
namespace {

void restore_memory_layout(const ProcessState& process) {
  host::GuestMemoryMap map;
  if (process.brk_start != 0 && process.brk_start < CAIRN_ARENA_TOP) {
    map.brk_start = process.brk_start;
    map.brk_current = process.brk_end;
  }
  if (process.arguments_end <= CAIRN_FIXED_BASE && process.environment_end <= CAIRN_FIXED_BASE) {
    map.arg_start = process.arguments;
    map.arg_end = process.arguments_end;
    map.env_start = process.environment;
    map.env_end = process.environment_end;
    map.stack = process.arguments;
  }
  // Where the kernel refuses, the guest had no heap of its own before either, or this host could not give it one.
  if (!host::set_memory_map(map) && map.brk_start != 0 && process.brk_end > process.brk_start)
    throw EnvironmentError(with_errno("cannot give the program its heap (PR_SET_MM_MAP)", errno));
}

void restore_process(const ProcessState& process, bool threads_have_credentials, std::uint32_t inherited) {
  if ((inherited & kInheritedUmask) == 0) umask(process.mask);
  personality(process.personality);
  restore_memory_layout(process);
  prctl(PR_SET_NAME, process.name.c_str());
  // The value has the flags of PR_SET_THP_DISABLE beside the first bit; kernels before 6.18 have none.
  const unsigned long huge_page_flags = process.thp_disable & ~1UL;
  if (process.thp_disable != 0 && prctl(PR_SET_THP_DISABLE, 1, huge_page_flags, 0, 0) != 0)
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  if (process.child_subreaper != 0) prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (process.no_new_privileges != 0 && !threads_have_credentials) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if ((inherited & kInheritedOomScore) != 0) return;
  write_file("/proc/self/oom_score_adj", std::to_string(process.oom_score_adjustment));
}

void restore_interval_timers(const ProcessState& process) {
  for (int which = 0; which < 3; ++which) {
    const IntervalTimer& saved = process.timers[which];
    if (saved.value_us == 0) continue;
    const itimerval timer{{saved.interval_us / 1000000, saved.interval_us % 1000000},
                          {saved.value_us / 1000000, saved.value_us % 1000000}};
    setitimer(static_cast<__itimer_which_t>(which), &timer, nullptr);
  }
}

class ProcessReviver : public Reviver {
 public:
  explicit ProcessReviver(Restart& restart)
      : restart_(restart), image_(restart.image), process_(image_.get<ProcessState>()) {}
  void restore(Stage stage) override {
    if (stage == Stage::process)
      restore_process(process_, !image_.get<CredentialsState>().threads.empty(), inherited());
    if (stage == Stage::limits) restore_limits(process_, inherited(), restart_.notes);
    if (stage == Stage::last) restore_interval_timers(process_);
    if (stage == Stage::last) note_dumpable();
  }

 private:
  std::uint32_t inherited() const { return image_.get<SettingsState>().inherited; }
  // A process that may not be dumped, and one whose rights change, loses sight of its own files in /proc.
  void note_dumpable() {
    const long wanted = process_.dumpable == 1 ? 1 : 0;
    restart_.own_calls.add(process_.pid, Turn::after_rights,
                           {"the setting whether it may be dumped", SYS_prctl, {PR_SET_DUMPABLE, wanted}});
  }

  Restart& restart_;
  const Image& image_;
  const ProcessState& process_;
};

}  // namespace

std::unique_ptr<Reviver> prepare_process(Restart& restart) { return std::make_unique<ProcessReviver>(restart); }

}  // namespace cairn::state
