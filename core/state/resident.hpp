// SPDX-License-Identifier: Apache-2.0
// What the kinds of state and the group ask of the resident half that they are linked into: whose is this descriptor,
// this thread, this address? core/host implements it; a test may do so too.
// Ordinary code, host threads only, thread-safe unless it says otherwise.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/abi/guest_table.h"
#include "core/abi/host_table.h"

namespace cairn::host {

// --- memory (arena.cpp) ---
struct AddressRange {
  std::uint64_t start, end;
};
// mmap that goes to the kernel as it is: the way to map guest memory. Returns MAP_FAILED and errno.
void* arena_mmap(void* address, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept;
int arena_munmap(void* address, std::size_t length) noexcept;
// What the kernel is told of the guest's memory: heap, stack, arguments. Zero keeps what the kernel has.
struct GuestMemoryMap {
  std::uint64_t brk_start = 0, brk_current = 0;
  std::uint64_t stack = 0;
  std::uint64_t arg_start = 0, arg_end = 0;  // what /proc/PID/cmdline shows
  std::uint64_t env_start = 0, env_end = 0;
};
// PR_SET_MM_MAP. False with errno where the kernel refuses (CONFIG_CHECKPOINT_RESTORE off).
bool set_memory_map(const GuestMemoryMap& map) noexcept;
// The current break (the guest's, if the kernel let it have one).
std::uint64_t current_brk() noexcept;

// --- threads (threads.cpp) ---
bool is_host_thread(int tid) noexcept;
std::vector<int> guest_threads();         // tids of /proc/self/task that are not the host's
std::uint64_t main_thread_fs() noexcept;  // host fs of the process's main thread

// --- descriptors (descriptors.cpp) ---
bool is_host_fd(int fd) noexcept;
std::vector<int> guest_fds();  // of /proc/self/fd, those that are not the host's
int fd_base() noexcept;

// --- clocks (clocks.cpp); reading them takes no TLS and no libc ---
// What the guest's clocks are ahead of the kernel's, in nanoseconds.
struct BootClocks {
  std::int64_t monotonic = 0, boottime = 0;
  std::int64_t ticks = 0;  // of what times() returns
  std::int64_t raw = 0;    // CLOCK_MONOTONIC_RAW, which goes at another pace than the monotonic clock
};
struct ThreadTime {
  int tid = 0;
  std::int64_t processor = 0;  // nanoseconds
  std::int64_t user_us = 0, system_us = 0;
};
struct ProcessorTime {
  std::int64_t processor = 0;  // nanoseconds, of the process
  cairn_usage own{}, children{};
  std::vector<ThreadTime> threads;
};
// Before the guest runs.
void set_boot_clocks_ahead(const BootClocks& ahead) noexcept;
// `processor`: that of the process from here on.
void set_processor_time_ahead(ProcessorTime ahead, std::int64_t processor);
BootClocks boot_clocks_ahead() noexcept;
std::int64_t clock_ahead(clockid_t clock) noexcept;
cairn_usage usage_ahead(int who) noexcept;
ThreadTime thread_time_ahead(int tid) noexcept;
// Nanoseconds: what CLOCK_PROCESS_CPUTIME_ID says to the guest, without what HostWork leaves out, but not less than the
// guest has read since that began.
std::int64_t guest_processor_time() noexcept;
// What the calling thread has used since `since` (nanoseconds of CLOCK_THREAD_CPUTIME_ID) is left out of the processor
// time that is saved while one exists: that of a checkpoint while the guest still runs. If the process goes on, it
// counts, as the kernel has it. Within another one of its thread it does nothing.
class HostWork {
 public:
  explicit HostWork(std::int64_t since) noexcept;
  ~HostWork();
  HostWork(const HostWork&) = delete;
  HostWork& operator=(const HostWork&) = delete;

 private:
  int slot_ = -1;
};

// --- the guest (table.cpp) ---
cairn_guest* guest() noexcept;  // null until libcr has attached
// What the guest's program is (after symlinks, interpreters), as /proc/self/exe would say.
const std::string& guest_exe() noexcept;
// True in the process that the host started; false in children that the guest forked from it.
bool is_original_process() noexcept;

}  // namespace cairn::host
