// SPDX-License-Identifier: Apache-2.0
// The host's threads: registered, deaf to signals, with stacks outside the arena; and the donors among them,
// which lend their thread pointer to guest threads.
#pragma once

#include <cstdint>

namespace cairn::host {

// Notes the calling thread as the process's main thread. First thing in main().
void register_main_thread() noexcept;
// The calling thread is the host's for ever: its thread pointer is lent to the process's main thread.
void keep_main_thread() noexcept;

// The table's functions: guest thread pointer, no TLS, no libc.
std::uint64_t borrow_fs() noexcept;
std::uint64_t try_borrow_fs() noexcept;
void return_fs(std::uint64_t host_fs) noexcept;

// Offset from a host thread pointer of the word that holds the attached guest thread's pointer.
std::int64_t guest_fs_offset() noexcept;

// In a forked child: none of the host's other threads is left.
void threads_after_fork() noexcept;

}  // namespace cairn::host
