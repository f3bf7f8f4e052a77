// SPDX-License-Identifier: Apache-2.0
// The guest's threads, as captured and revived. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

struct Scheduling {
  std::uint32_t policy = 0, priority = 0;
  std::uint64_t flags = 0, runtime = 0, deadline = 0, period = 0;
  std::int32_t nice = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(policy, priority, flags, runtime, deadline, period, nice);
  }
};

struct ThreadState {
  std::uint32_t slot = 0;  // index in the guest's table of threads; 0 is the main thread
  std::int32_t tid = 0;
  std::uint64_t thread_pointer = 0;
  std::uint64_t frame = 0;  // ucontext of the stop signal
  std::uint64_t clear_tid = 0, robust_head = 0, robust_length = 0;
  // Callee-saved registers, as struct cairn_context.
  std::uint64_t rbx = 0, rbp = 0, r12 = 0, r13 = 0, r14 = 0, r15 = 0, rsp = 0, rip = 0;
  std::uint32_t mxcsr = 0;
  std::uint16_t x87_control = 0;
  std::uint32_t xstate_size = 0;  // of the frame's floating-point state, and its features
  std::uint64_t xstate_features = 0;
  std::string name;
  std::vector<std::uint8_t> affinity;  // as sched_getaffinity
  Scheduling scheduling;
  std::uint64_t timer_slack = 0;  // nanoseconds, 0: unknown
  template <class Archive>
  void fields(Archive& a) {
    a(slot, tid, thread_pointer, frame, clear_tid, robust_head, robust_length, rbx, rbp, r12, r13, r14, r15, rsp, rip,
      mxcsr, x87_control, xstate_size, xstate_features, name, affinity, scheduling, timer_slack);
  }
};

struct ThreadsState {
  static constexpr const char* section_name = "threads";
  std::vector<ThreadState> threads;  // main thread first
  template <class Archive>
  void fields(Archive& a) {
    a(threads);
  }
};

}  // namespace cairn::state
