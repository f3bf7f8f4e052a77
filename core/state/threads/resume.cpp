// SPDX-License-Identifier: Apache-2.0
// Frozen-world code.
#include "core/state/threads/resume.hpp"

#include "core/abi/thread_pointer.h"
#include "core/base/futex.hpp"
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
  cairn_write_fs(resume->thread_pointer);
}

extern "C" void cairn_make_own_calls(cairn::state::Resume* resume) {
  cairn::state::OwnWork& work = resume->work;
  while (cairn::load(work.go) == 0) cairn::wait_while(work.go, 0);
  for (const cairn::state::OwnCall* call = work.calls; call != work.calls + work.count; ++call) {
    const long* a = call->arguments.data();
    const long result = cairn::raw_syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (!cairn::is_error(result) || !call->required) continue;
    work.failed = call;
    work.error = result;
    break;
  }
  cairn::store_and_wake(work.done, 1);
}

extern "C" void cairn_call_guest(const cairn::state::Resume* resume, void (*function)(void),
                                 unsigned long host_thread_pointer) {
  cairn_become_guest_thread(resume);
  if (function != nullptr) function();
  cairn_write_fs(host_thread_pointer);
}

extern "C" void cairn_continue_main(const cairn::state::Resume* resume) {
  cairn_write_fs(resume->thread_pointer);
  cairn_resume(resume);
}
