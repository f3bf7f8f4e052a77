// SPDX-License-Identifier: Apache-2.0
#include "core/state/threads/revive.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/resident.hpp"
#include "core/state/threads/scheduling.hpp"

namespace cairn::state {
namespace {

constexpr std::uint64_t kTileData = 1UL << 18;
// Below the stack pointer of the saved context nothing is in use but the red zone.
constexpr std::uint64_t kRedZone = 256;
constexpr std::uint64_t kStartStack = 1024;

std::unique_ptr<Resume> make_resume(const ThreadState& t, const cairn_guest& guest) {
  auto resume = std::make_unique<Resume>();
  *resume = {t.rbx,
             t.rbp,
             t.r12,
             t.r13,
             t.r14,
             t.r15,
             t.rsp,
             t.rip,
             t.mxcsr,
             t.x87_control,
             0,
             t.thread_pointer,
             t.clear_tid,
             t.robust_head,
             t.robust_length,
             0,
             0};
  resume->tid_word = t.thread_pointer + static_cast<std::uint64_t>(static_cast<std::int64_t>(guest.tid_offset));
  resume->uses_tiles = (t.xstate_features & kTileData) != 0 ? 1 : 0;
  return resume;
}

}  // namespace

Threads::Threads(const Image& image, cairn_guest& guest) : image_(image), guest_(guest) {
  for (const ThreadState& thread : image.threads.threads) resumes_.push_back(make_resume(thread, guest));
}

int Threads::create_thread(const ThreadState& thread, const Resume& resume) {
  std::int32_t wanted = thread.tid;
  CloneArguments arguments{};
  arguments.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  arguments.stack = ((thread.rsp - kRedZone) & ~15UL) - kStartStack;
  arguments.stack_size = kStartStack;
  arguments.set_tid = reinterpret_cast<std::uint64_t>(&wanted);
  arguments.set_tid_size = 1;
  long tid = cairn_revive_thread(&arguments, sizeof arguments, &resume);
  if (is_error(tid)) {
    // Not permitted, or the number is taken: any number then.
    arguments.set_tid = 0;
    arguments.set_tid_size = 0;
    tid = cairn_revive_thread(&arguments, sizeof arguments, &resume);
  }
  if (is_error(tid))
    throw EnvironmentError(with_errno("cannot create a thread of the program", static_cast<int>(-tid)));
  return static_cast<int>(tid);
}

void Threads::enter(const ThreadState& thread, int tid) {
  numbers_[thread.tid] = tid;
  guest_.threads[thread.slot].tid = tid;
  restore_scheduling(tid, thread);
}

void Threads::create(HeldNumbers& held) {
  const auto& threads = image_.threads.threads;
  enter(threads[0], getpid());
  cairn_call_guest(resumes_[0].get(), guest_.on_revive, host::main_thread_fs());
  for (std::size_t i = 1; i < threads.size(); ++i) {
    held.release(threads[i].tid);
    enter(threads[i], create_thread(threads[i], *resumes_[i]));
  }
}

bool Threads::kept_numbers() const noexcept {
  return std::all_of(numbers_.begin(), numbers_.end(), [](const auto& n) { return n.first == n.second; });
}

}  // namespace cairn::state
