// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/kernel_files.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace cairn::state {
namespace {

// Not in linux/magic.h.
constexpr unsigned long kConfigfs = 0x62656570, kNfsd = 0x6e667364, kXenfs = 0xabba1974, kFunctionfs = 0xa647361,
                        kGadgetfs = 0xaee71ee7, kDlmfs = 0x76a9f425;

constexpr char kTrigger[] = "the trigger that has been written to it", kPeak[] = "where it has begun to count",
               kFilter[] = "the filter that is written to it, which acts when it is closed",
               kReading[] = "what has been read of it", kQuestion[] = "the question that has been written to it",
               kUntilClosed[] = "what has been written to it, which acts when it is closed", kAnything[] = "a state";

// In a file system, what ends with `name`, or, where that ends with a slash, is below it.
struct KernelFile {
  unsigned long system;
  std::string_view name;
  const char* keeps;
  bool only_written = true;  // nothing is kept where it is open for reading only
};

// By Documentation/ and fs/ of Linux 6.12: what has a state in struct file that neither its position nor its flags are.
// Not here: that it is told once more what has changed (mounts, sysfs, cgroup.events), and what cannot be opened twice.
constexpr KernelFile kFiles[] = {
    {PROC_SUPER_MAGIC, "/pressure/", kTrigger},
    {PROC_SUPER_MAGIC, "/mtrr", "the ranges that have been added with it"},
    {PROC_SUPER_MAGIC, "/asound/", kUntilClosed},
    {PROC_SUPER_MAGIC, "/bus/pci/", "what ioctl() has chosen of the device", false},
    {PROC_SUPER_MAGIC, "/channel", kReading, false},  // net/rpc/*
    {CGROUP2_SUPER_MAGIC, "/cpu.pressure", kTrigger},
    {CGROUP2_SUPER_MAGIC, "/memory.pressure", kTrigger},
    {CGROUP2_SUPER_MAGIC, "/io.pressure", kTrigger},
    {CGROUP2_SUPER_MAGIC, "/irq.pressure", kTrigger},
    {CGROUP2_SUPER_MAGIC, "/memory.peak", kPeak},
    {CGROUP2_SUPER_MAGIC, "/memory.swap.peak", kPeak},
    {TRACEFS_MAGIC, "/trace", kReading, false},
    {TRACEFS_MAGIC, "/trace_pipe", kReading, false},
    {TRACEFS_MAGIC, "/trace_pipe_raw", kReading, false},
    {TRACEFS_MAGIC, "/snapshot", kReading, false},
    {TRACEFS_MAGIC, "/snapshot_raw", kReading, false},
    {TRACEFS_MAGIC, "/set_ftrace_filter", kFilter},
    {TRACEFS_MAGIC, "/set_ftrace_notrace", kFilter},
    {TRACEFS_MAGIC, "/set_graph_function", kFilter},
    {TRACEFS_MAGIC, "/set_graph_notrace", kFilter},
    {TRACEFS_MAGIC, "/user_events_data", "the events that have been registered with it", false},
    {DEBUGFS_MAGIC, "/", kAnything, false},
    {SECURITYFS_MAGIC, "/", kUntilClosed},
    {SELINUX_MAGIC, "/", kQuestion},
    {SMACK_MAGIC, "/", kQuestion},
    {kNfsd, "/", kQuestion},
    {kConfigfs, "/", kUntilClosed},
    {kXenfs, "/", kAnything, false},
    {kFunctionfs, "/", kAnything, false},
    {kGadgetfs, "/", kAnything, false},
    {kDlmfs, "/", "a lock", false},
};

bool fits(const KernelFile& file, unsigned long system, std::string_view path, bool written) {
  if (file.system != system || (file.only_written && !written)) return false;
  return file.name.ends_with('/') ? path.find(file.name) != path.npos : path.ends_with(file.name);
}

}  // namespace

const char* kept_by_kernel(unsigned long system, std::string_view path, int flags) noexcept {
  if ((flags & O_PATH) != 0) return nullptr;
  const bool written = (flags & O_ACCMODE) != O_RDONLY;
  const auto* found = std::find_if(std::begin(kFiles), std::end(kFiles),
                                   [&](const KernelFile& file) { return fits(file, system, path, written); });
  return found != std::end(kFiles) ? found->keeps : nullptr;
}

void refuse_kept_by_kernel(const OpenFile& file) {
  struct statfs system {};
  if ((file.flags & O_PATH) != 0 || fstatfs(file.fd, &system) != 0) return;
  const std::string called = "file " + shortened(file.path) + at(file);
  if (const char* kept = kept_by_kernel(static_cast<unsigned long>(system.f_type), file.path, file.flags))
    throw TemporaryError(called + " cannot be saved: with the open file the kernel keeps " + kept +
                         ", and tells nobody of it");
  if (lseek(file.fd, 0, SEEK_CUR) < 0 && errno == ESPIPE)
    throw TemporaryError(called + " cannot be saved: it has no position at which a restart could go on");
}

}  // namespace cairn::state
