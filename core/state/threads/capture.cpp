// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/resident.hpp"
#include "core/state/settings/inherited.hpp"
#include "core/state/threads/frame_layout.hpp"
#include "core/state/threads/kind.hpp"

namespace cairn::state {
namespace {

void capture_registers(const cairn_thread& slot, ThreadState& thread) {
  const cairn_context& c = slot.context;
  thread.rbx = c.rbx;
  thread.rbp = c.rbp;
  thread.r12 = c.r12;
  thread.r13 = c.r13;
  thread.r14 = c.r14;
  thread.r15 = c.r15;
  thread.rsp = c.rsp;
  thread.rip = c.rip;
  thread.mxcsr = c.mxcsr;
  thread.x87_control = c.x87_control;
  if (slot.frame == 0) return;  // stopped outside a signal handler: nothing to resume through a frame
  const FrameShape shape = shape_of(*reinterpret_cast<const ucontext_t*>(slot.frame));
  thread.xstate_size = shape.size;
  thread.xstate_features = shape.features;
}

// The kernel tells it to privileged users and to the thread itself.
std::uint64_t timer_slack(const cairn_thread& slot) {
  if ((slot.settings.told & CAIRN_TOLD_TIMER_SLACK) != 0) return slot.settings.timer_slack;
  return to_number(read_file("/proc/" + std::to_string(slot.tid) + "/timerslack_ns").value_or(""));
}

ThreadState capture_thread(const cairn_guest& guest, std::uint32_t index, int tid_offset) {
  const cairn_thread& slot = guest.threads[index];
  ThreadState thread;
  thread.slot = index;
  thread.tid = slot.tid;
  thread.thread_pointer = slot.guest_fs;
  thread.frame = slot.frame;
  thread.clear_tid = slot.clear_tid != 0 ? slot.clear_tid : slot.guest_fs + static_cast<std::int64_t>(tid_offset);
  capture_registers(slot, thread);
  std::uint64_t head = 0, length = 0;
  if (raw_syscall(SYS_get_robust_list, slot.tid, reinterpret_cast<long>(&head), reinterpret_cast<long>(&length)) == 0) {
    thread.robust_head = head;
    thread.robust_length = length;
  }
  const std::string task = "/proc/self/task/" + std::to_string(slot.tid);
  thread.name = read_file(task + "/comm").value_or("");
  if (thread.name.ends_with('\n')) thread.name.pop_back();  // blanks before it are the name's
  thread.timer_slack = timer_slack(slot);
  read_scheduling(slot.tid, thread);
  return thread;
}

}  // namespace

std::vector<std::uint8_t> capture_threads(Capture& capture) {
  const cairn_guest& guest = capture.guest;
  ThreadsState result;
  for (std::uint32_t i = 0; i < guest.threads_max; ++i) {
    if (guest.threads[i].state != CAIRN_THREAD_STOPPED) continue;
    result.threads.push_back(capture_thread(guest, i, guest.tid_offset));
  }
  auto main = std::find_if(result.threads.begin(), result.threads.end(),
                           [](const ThreadState& t) { return t.tid == getpid(); });
  if (main == result.threads.end()) throw PermanentError("its main thread is not among those that stopped");
  std::iter_swap(result.threads.begin(), main);
  return encode(result);
}

}  // namespace cairn::state
