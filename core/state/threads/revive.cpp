// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/process/state.hpp"
#include "core/state/settings/inherited.hpp"
#include "core/state/threads/frame_layout.hpp"
#include "core/state/threads/held_numbers.hpp"
#include "core/state/threads/kind.hpp"
#include "core/state/threads/owners.hpp"
#include "core/state/threads/resume.hpp"
#include "core/state/threads/scheduling.hpp"

namespace cairn::state {
namespace {

// Below the stack pointer of the saved context nothing is in use but the red zone.
constexpr std::uint64_t kRedZone = 256;
constexpr std::uint64_t kStartStack = 1024;
constexpr double kOwnCallsSeconds = 30;

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
             0,
             {}};
  resume->tid_word = t.thread_pointer + static_cast<std::uint64_t>(static_cast<std::int64_t>(guest.tid_offset));
  resume->uses_tiles = (t.xstate_features & tile_data) != 0 ? 1 : 0;
  return resume;
}

int create_thread(const ThreadState& thread, Resume& resume) {
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

// For the main thread's there is no waiting, nor any look at a clock: it may have forbidden itself to read the TSC.
void wait_for_own_calls(const ThreadState& thread, const OwnWork& work) {
  if (load(work.done) == 0) {
    const Deadline deadline(kOwnCallsSeconds);
    while (load(work.done) == 0 && !deadline.passed()) wait_while(work.done, 0, std::chrono::milliseconds(5));
  }
  const std::string name = "thread " + std::to_string(thread.tid);
  if (load(work.done) == 0) throw TemporaryError(name + " does not begin");
  if (work.failed != nullptr)
    throw EnvironmentError(with_errno(name + " cannot get " + work.failed->what, static_cast<int>(-work.error)));
}

class ThreadsReviver : public Reviver {
 public:
  explicit ThreadsReviver(Restart& restart) : restart_(restart), state_(restart.image.get<ThreadsState>()) {}
  void restore(Stage stage) override {
    if (stage == Stage::check) check_registers(restart_.image);
    if (stage == Stage::reserve) held_ = std::make_unique<HeldNumbers>(state_);
    if (stage == Stage::threads) create();
    if (stage == Stage::pending) mend_owners(restart_);
    if (stage == Stage::own_calls) make_own_calls();
  }

 private:
  // Calls the guest's on_revive on the main thread, then makes the others.
  void create() {
    const auto& threads = state_.threads;
    for (const ThreadState& thread : threads) resumes_.push_back(make_resume(thread, *restart_.guest));
    restart_.main_thread = resumes_.front().get();
    enter(threads[0], getpid());
    cairn_call_guest(restart_.main_thread, restart_.guest->on_revive, host::main_thread_fs());
    for (std::size_t i = 1; i < threads.size(); ++i) {
      held_->release(threads[i].tid);
      enter(threads[i], create_thread(threads[i], *resumes_[i]));
    }
  }
  void enter(const ThreadState& thread, int tid) {
    restart_.numbers[thread.tid] = tid;
    restart_.guest->threads[thread.slot].tid = tid;
    restore_scheduling(tid, as_wanted(thread, tid));
    if (thread.timer_slack == 0) return;
    restart_.own_calls.add(thread.tid, Turn::before_rights,
                           {"its timer slack", SYS_prctl, {PR_SET_TIMERSLACK, static_cast<long>(thread.timer_slack)}});
  }

  // The main thread comes last: it has to look after the others.
  void make_own_calls() {
    const auto& threads = state_.threads;
    calls_.resize(threads.size());
    for (std::size_t i = threads.size(); i-- > 0;) {
      calls_[i] = restart_.own_calls.of(threads[i].tid);
      OwnWork& work = resumes_[i]->work;
      work.calls = calls_[i].data();
      work.count = static_cast<std::uint32_t>(calls_[i].size());
      store_and_wake(work.go, 1);
      if (i == 0) cairn_make_own_calls(resumes_[i].get());
      wait_for_own_calls(threads[i], work);
    }
  }

  // What the thread had inherited is this place's, whatever the thread that makes it has.
  ThreadState as_wanted(ThreadState thread, int tid) const {
    const auto& settings = restart_.image.get<SettingsState>();
    const auto is_in = [&](const auto& list) { return std::binary_search(list.begin(), list.end(), thread.tid); };
    const bool cpus = is_in(settings.inherited_cpus), scheduling = is_in(settings.inherited_scheduling);
    if (cpus) thread.affinity = scheduling_of_place().affinity;
    if (scheduling) thread.scheduling = scheduling_of_place().scheduling;
    note_chosen_scheduling(tid, !cpus, !scheduling);
    return thread;
  }

  Restart& restart_;
  const ThreadsState& state_;
  std::unique_ptr<HeldNumbers> held_;
  std::vector<std::unique_ptr<Resume>> resumes_;  // read by the threads until they run
  std::vector<std::vector<OwnCall>> calls_;       // in the order of the threads
};

}  // namespace

void check_threads(const Image& image) {
  const auto& threads = image.get<ThreadsState>().threads;
  if (threads.empty()) image.contradiction("it has no threads");
  if (threads[0].tid != image.get<ProcessState>().pid) image.contradiction("its first thread is not the main thread");
  for (const ThreadState& thread : threads) {
    const std::string name = "thread " + std::to_string(thread.tid);
    if (thread.tid <= 0) image.contradiction(name + " has no number");
    if (!image.is_stored(thread.thread_pointer, 0x800)) image.contradiction(name + "'s thread pointer is outside");
    if (!image.is_stored(thread.rsp - 0x800, 0x800)) image.contradiction(name + "'s stack is outside");
    if (!image.is_stored(thread.rip, 1)) image.contradiction(name + "'s code is outside");
    if (!image.is_stored(thread.clear_tid, 4)) image.contradiction(name + "'s tid word is outside");
    if (thread.name.size() > 15) image.contradiction(name + "'s name is too long");
  }
}

std::unique_ptr<Reviver> prepare_threads(Restart& restart) { return std::make_unique<ThreadsReviver>(restart); }

}  // namespace cairn::state
