// SPDX-License-Identifier: Apache-2.0
// The services of the resident half to the rest of the host: checkpointer, revive, agents.
// Ordinary code, host threads only, thread-safe unless it says otherwise.
//
// Order of a first start:   extension.preload, donors, plug, fixed area, brk, stack, guest ld.so, jump
// Order of a restart:       extension.before_revive, donors, plug, fixed area, then core/revive
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/guest/guest_abi.h"
#include "core/host/extension.hpp"
#include "core/host/table.h"

namespace cairn::host {

struct AddressRange {
  std::uint64_t start, end;
};

// --- the arena (arena.cpp) ---
// Fills every hole above CAIRN_ARENA_TOP with PROT_NONE; afterwards the kernel places mappings in the arena and
// the host's own mmap/malloc carve theirs out of the plug. Once. Throws EnvironmentError, also if anything but
// `reserved` is in the arena already.
void plug(const std::vector<AddressRange>& reserved);
// mmap that goes to the kernel as it is: the way to map guest memory. Returns MAP_FAILED and errno.
void* arena_mmap(void* address, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept;
int arena_munmap(void* address, std::size_t length) noexcept;
// Maps the fixed area afresh and fills the table and the guest vdso. `generation` as in the table.
void build_fixed_area(std::uint64_t generation);
// Gives the guest a brk heap of its own at [start, current). False with errno where the kernel refuses.
bool set_guest_brk(std::uint64_t start, std::uint64_t current) noexcept;
// The current break (the guest's, once set_guest_brk has worked).
std::uint64_t current_brk() noexcept;

// --- threads (threads.cpp) ---
bool is_host_thread(int tid) noexcept;
std::vector<int> guest_threads();         // tids of /proc/self/task that are not the host's
std::uint64_t main_thread_fs() noexcept;  // host fs of the process's main thread
// Makes `count` more donors: host threads that lend their thread pointer to guest threads.
void start_donors(unsigned count);

// --- descriptors (descriptors.cpp) ---
bool is_host_fd(int fd) noexcept;
std::vector<int> guest_fds();  // of /proc/self/fd, those that are not the host's
int fd_base() noexcept;

// --- the guest ---
cairn_guest* guest() noexcept;                // null until libcr has attached
void set_guest(cairn_guest* guest) noexcept;  // by revive
Extension& extension() noexcept;
// What the guest's program is (after symlinks, interpreters), as /proc/self/exe would say.
const std::string& guest_exe() noexcept;
void set_guest_exe(const std::string& path);
// --- control (control.cpp): the thread behind @cairn/<pid> ---
void start_control();

// True in the process that the host started; false in children that the guest forked from it.
bool is_original_process() noexcept;

}  // namespace cairn::host

namespace cairn::revive {
// Maps the image named by `context_file` into this fresh host and resumes it. Returns only by throwing cairn::Error,
// with nothing of the guest running.
[[noreturn]] void revive(const std::string& context_file, host::Extension& extension);
}  // namespace cairn::revive
