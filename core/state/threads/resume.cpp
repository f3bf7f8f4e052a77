// SPDX-License-Identifier: Apache-2.0
// Frozen-world code.
#include "core/state/threads/resume.hpp"

#include "core/base/raw_syscall.hpp"
#include "core/state/threads/frame_probe.hpp"

extern "C" void cairn_become_guest_thread(const cairn::state::Resume* resume) {
  using cairn::raw_syscall;
  const auto tid = static_cast<int>(raw_syscall(SYS_set_tid_address, static_cast<long>(resume->clear_tid)));
  *reinterpret_cast<volatile int*>(resume->tid_word) = tid;
  if (resume->robust_head != 0) {
    raw_syscall(SYS_set_robust_list, static_cast<long>(resume->robust_head), static_cast<long>(resume->robust_length));
  }
  if (resume->uses_tiles != 0) cairn::state::use_tiles();
  __asm__ volatile("wrfsbase %0" ::"r"(resume->thread_pointer) : "memory");
}

extern "C" void cairn_call_guest(const cairn::state::Resume* resume, void (*function)(void),
                                 unsigned long host_thread_pointer) {
  cairn_become_guest_thread(resume);
  if (function != nullptr) function();
  __asm__ volatile("wrfsbase %0" ::"r"(host_thread_pointer) : "memory");
}

extern "C" void cairn_continue_main(const cairn::state::Resume* resume) {
  __asm__ volatile("wrfsbase %0" ::"r"(resume->thread_pointer) : "memory");
  cairn_resume(resume);
}
