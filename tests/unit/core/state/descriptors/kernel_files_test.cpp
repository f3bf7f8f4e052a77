// SPDX-License-Identifier: Apache-2.0
// Files with which the kernel keeps more than a position are known, by file system, name and how they are open.
#include "core/state/descriptors/kernel_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>

#include <utility>

namespace cairn::state {
namespace {

constexpr unsigned long kConfigfs = 0x62656570, kNfsd = 0x6e667364, kXenfs = 0xabba1974, kFunctionfs = 0xa647361,
                        kGadgetfs = 0xaee71ee7, kDlmfs = 0x76a9f425;

struct Known {
  unsigned long system;
  const char* path;
  bool only_written;
};

class kernel_files : public testing::TestWithParam<Known> {};

TEST_P(kernel_files, are_known) {
  const auto& [system, path, only_written] = GetParam();
  for (const int flags : {O_RDWR, O_WRONLY, O_RDWR | O_NONBLOCK})
    EXPECT_NE(kept_by_kernel(system, path, flags), nullptr);
  EXPECT_EQ(kept_by_kernel(system, path, O_RDONLY) == nullptr, only_written);
  EXPECT_EQ(kept_by_kernel(system, path, O_RDWR | O_PATH), nullptr);
  EXPECT_EQ(kept_by_kernel(EXT4_SUPER_MAGIC, path, O_RDWR), nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    all, kernel_files,
    testing::Values(Known{PROC_SUPER_MAGIC, "/proc/pressure/cpu", true},
                    Known{PROC_SUPER_MAGIC, "/proc/pressure/irq", true}, Known{PROC_SUPER_MAGIC, "/proc/mtrr", true},
                    Known{PROC_SUPER_MAGIC, "/proc/asound/card0/pcm0p/oss", true},
                    Known{PROC_SUPER_MAGIC, "/proc/bus/pci/00/1f.0", false},
                    Known{PROC_SUPER_MAGIC, "/proc/self/net/rpc/auth.unix.ip/channel", false},
                    Known{CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/cpu.pressure", true},
                    Known{CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/memory.pressure", true},
                    Known{CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/io.pressure", true},
                    Known{CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/irq.pressure", true},
                    Known{CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/memory.peak", true},
                    Known{CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/memory.swap.peak", true},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/trace", false},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/instances/i/trace_pipe", false},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/per_cpu/cpu0/trace_pipe_raw", false},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/snapshot", false},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/per_cpu/cpu0/snapshot_raw", false},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/set_ftrace_filter", true},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/set_ftrace_notrace", true},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/set_graph_function", true},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/set_graph_notrace", true},
                    Known{TRACEFS_MAGIC, "/sys/kernel/tracing/user_events_data", false},
                    Known{DEBUGFS_MAGIC, "/sys/kernel/debug/kcov", false},
                    Known{SECURITYFS_MAGIC, "/sys/kernel/security/ima/policy", true},
                    Known{SELINUX_MAGIC, "/sys/fs/selinux/access", true},
                    Known{SMACK_MAGIC, "/sys/fs/smackfs/access2", true}, Known{kNfsd, "/proc/fs/nfsd/filehandle", true},
                    Known{kConfigfs, "/sys/kernel/config/acpi/table/t/aml", true},
                    Known{kXenfs, "/proc/xen/xenbus", false}, Known{kFunctionfs, "/dev/ffs/ep0", false},
                    Known{kGadgetfs, "/dev/gadget/ep0", false}, Known{kDlmfs, "/dlm/domain/lock", false}));

TEST(kernel_files, without_a_state_are_saved) {
  const std::pair<unsigned long, const char*> files[] = {
      {PROC_SUPER_MAGIC, "/proc/self/mem"},
      {PROC_SUPER_MAGIC, "/proc/self/oom_score_adj"},
      {PROC_SUPER_MAGIC, "/proc/sys/kernel/hostname"},
      {SYSFS_MAGIC, "/sys/power/state"},
      {CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/cgroup.procs"},
      {CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/memory.max"},
      {CGROUP2_SUPER_MAGIC, "/sys/fs/cgroup/a/cgroup.pressure"},
      {TRACEFS_MAGIC, "/sys/kernel/tracing/trace_marker"},
      {TRACEFS_MAGIC, "/sys/kernel/tracing/tracing_on"},
  };
  for (const auto& [system, path] : files) EXPECT_EQ(kept_by_kernel(system, path, O_RDWR), nullptr) << path;
}

}  // namespace
}  // namespace cairn::state
