// SPDX-License-Identifier: Apache-2.0
// Frozen-world: how a revived thread begins. No allocation, no libc, no thread-local storage; the thread pointer
// changes on the way.
#pragma once

#include <cstdint>

#include "core/state/own_calls.hpp"

namespace cairn::state {

// The system calls of state::OwnCalls, as the thread finds them. It waits until it may make them, and says when it has.
struct OwnWork {
  const OwnCall* calls;
  std::uint32_t count;
  std::uint32_t go, done;  // futexes
  const OwnCall* failed;   // the first required one, and its -errno
  long error;
};

// What a thread needs to go on; must stay in place until the thread reports that it runs. resume.S knows the layout.
struct Resume {
  std::uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
  std::uint32_t mxcsr;
  std::uint16_t x87_control;
  std::uint16_t reserved;
  std::uint64_t thread_pointer;
  std::uint64_t clear_tid;
  std::uint64_t robust_head, robust_length;
  std::uint64_t tid_word;  // where libc keeps the thread's number
  std::uint32_t uses_tiles;
  OwnWork work;
};

// struct clone_args of linux/sched.h.
struct CloneArguments {
  std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

}  // namespace cairn::state

extern "C" {
// Makes a thread that makes its own calls and continues as `resume` says. Its number, or -errno.
long cairn_revive_thread(const cairn::state::CloneArguments* arguments, unsigned long size,
                         cairn::state::Resume* resume);
// The calling thread's: when work.go is set, until work.done.
void cairn_make_own_calls(cairn::state::Resume* resume);
// Makes a thread that does nothing but wait until *go is not 0, and ends. Its number, or -errno.
long cairn_hold_number(const cairn::state::CloneArguments* arguments, unsigned long size, const std::uint32_t* go);
// Makes the calling thread, already a guest thread, go on as `resume` says, with 1 in rax.
[[noreturn]] void cairn_resume(const cairn::state::Resume* resume);
// Tells the kernel what it must know of the calling thread, and libc its number; takes over the guest's thread
// pointer.
void cairn_become_guest_thread(const cairn::state::Resume* resume);
// The main thread's last step in the host: takes the guest's thread pointer and resumes.
[[noreturn]] void cairn_continue_main(const cairn::state::Resume* resume);
// On the main thread: becomes a guest thread, calls `function` if there is one, takes the host's thread pointer back.
void cairn_call_guest(const cairn::state::Resume* resume, void (*function)(void), unsigned long host_thread_pointer);
}
