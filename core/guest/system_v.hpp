// SPDX-License-Identifier: Apache-2.0
// System V objects of the program (struct cairn_system_v). Any thread.
#pragma once

#include <sys/sem.h>
#include <ucontext.h>

#include <cstddef>

#include "core/guest/thread_state.hpp"

namespace cairn::guest {

// In the child of a fork: it has the objects, but nothing to undo.
void forget_semaphore_undo();

// An operation with SEM_UNDO that the thread is in: on its stack, and, for the host, in a cairn_semaphore_call.
struct SemaphoreCall {
  int id;
  uint32_t count;
  const sembuf* operations;
  int64_t result;  // -EINPROGRESS: not known yet
  bool noted;      // among what is to be undone
  cairn_semaphore_call* shown;
};

// Frozen-world code, for a thread that stops: where the signal has come right after the operation, its result is only
// in the frame, from which it is taken.
void show_semaphore_call(const ucontext_t& frame);
// For a handler of the program's, which may never return: what is done is noted for good, and the thread is in none.
// And when it has returned.
void put_semaphore_call_aside(const ucontext_t& frame);
void take_semaphore_call_again(SemaphoreCall& call);

// For the time of such a handler.
class SemaphoreCallAside {
 public:
  explicit SemaphoreCallAside(const ucontext_t& frame) : call_(state.semaphore_call) {
    if (__builtin_expect(call_ != nullptr, 0)) put_semaphore_call_aside(frame);
  }
  ~SemaphoreCallAside() {
    if (__builtin_expect(call_ != nullptr, 0)) take_semaphore_call_again(*call_);
  }
  SemaphoreCallAside(const SemaphoreCallAside&) = delete;
  SemaphoreCallAside& operator=(const SemaphoreCallAside&) = delete;

 private:
  SemaphoreCall* call_;
};

// For the host of a program that is executed, which may be told numbers that this one knows: one word, of `size`
// characters at most, with its end; empty if all are the kernel's. Safe in the child of a vfork.
std::size_t changed_numbers_size();
void write_changed_numbers(char* word, std::size_t size);

}  // namespace cairn::guest
