// SPDX-License-Identifier: Apache-2.0
// Frozen-world code: the handler of the stop signal. No allocation, no libc but pthread_setspecific at a thread's
// first stop. Thread-local state only after the thread pointer has been found to be the guest's.
#include "core/guest/stop.hpp"

#include <asm/prctl.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <chrono>

#include "core/abi/thread_settings.hpp"
#include "core/base/deadline.hpp"
#include "core/base/futex.hpp"
#include "core/base/queued_signal.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/chain.hpp"
#include "core/guest/critical.hpp"
#include "core/guest/host.hpp"
#include "core/guest/kernel_signal.hpp"
#include "core/guest/moments.hpp"
#include "core/guest/signals.hpp"
#include "core/guest/system_v.hpp"
#include "core/guest/thread_state.hpp"
#include "core/guest/trampoline.hpp"
#include "core/guest/turn.hpp"
#include "kmod/cairn_uapi.h"

extern "C" int cairn_save_context(struct cairn_context*) __attribute__((returns_twice));

// libc's, since 2.35; absent in older ones.
extern "C" {
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));
}

namespace cairn::guest {
namespace {

constexpr uint32_t kRseqSignature = 0x53053053;  // what libc registers with on x86
constexpr long kRseqBytes = 32;
constexpr int kRseqFailed = -2;  // RSEQ_CPU_ID_REGISTRATION_FAILED

uint32_t slots_reached = 1;  // those from there on have never been used, and their pages not touched

void reach_slot(uint32_t i) {
  uint32_t reached = load(slots_reached);
  while (reached <= i &&
         !__atomic_compare_exchange_n(&slots_reached, &reached, i + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
  }
}

cairn_thread* claim_slot(int tid) {
  cairn_guest& g = cairn_guest_self;
  if (tid == own_pid()) return &g.threads[0];
  for (uint32_t i = 1; i < g.threads_max; ++i) {
    reach_slot(i);
    uint32_t expected = CAIRN_THREAD_FREE;
    if (__atomic_compare_exchange_n(&g.threads[i].state, &expected, CAIRN_THREAD_RUNNING, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
      return &g.threads[i];
    }
  }
  return nullptr;
}

// Threads that died without a destructor (raw clones, those that a late stop reclaimed) leave a slot behind.
cairn_thread* steal_slot(int tid) {
  cairn_guest& g = cairn_guest_self;
  for (uint32_t i = 1; i < g.threads_max; ++i) {
    int32_t dead = load(g.threads[i].tid);
    if (dead <= 0 || raw_syscall(SYS_tgkill, own_pid(), dead, 0) != -3 /* ESRCH */) continue;
    if (__atomic_compare_exchange_n(&g.threads[i].tid, &dead, tid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      return &g.threads[i];
  }
  return nullptr;
}

cairn_thread* own_slot() {
  const int tid = own_tid();
  if (state.slot != nullptr && load(state.slot->tid) == tid && load(state.slot->state) != CAIRN_THREAD_FREE)
    return state.slot;
  cairn_thread* slot = claim_slot(tid);
  if (slot == nullptr) slot = steal_slot(tid);
  if (slot == nullptr) return nullptr;
  store(slot->tid, tid);
  store(slot->state, static_cast<uint32_t>(CAIRN_THREAD_RUNNING));
  state.slot = slot;
  if (tid != own_pid()) arm_end_of_thread();
  return slot;
}

void describe_thread(cairn_thread& slot) {
  slot.guest_fs = cairn_read_fs();
  uint64_t at = 0, head = 0, length = 0;
  if (raw_syscall(SYS_prctl, PR_GET_TID_ADDRESS, address(&at)) != 0)
    at = slot.guest_fs + static_cast<uint64_t>(cairn_guest_self.tid_offset);
  slot.clear_tid = at;
  raw_syscall(SYS_get_robust_list, 0, address(&head), address(&length));
  slot.robust_head = head;
  slot.robust_len = length;
}

// An alternate signal stack that a library of the host has set for this thread will not be there after a restart.
// True if that is where this signal's handler runs: it has to come again, on another.
bool forget_host_stack(ucontext_t& frame) {
  if (reinterpret_cast<uint64_t>(frame.uc_stack.ss_sp) < CAIRN_ARENA_TOP) return false;
  frame.uc_stack = {nullptr, SS_DISABLE, 0};
  return address(&frame) >= static_cast<long>(CAIRN_ARENA_TOP);
}

// The new thread's rseq area is known to no kernel yet. Where a host has registered its own for this thread, libc
// falls back to plain system calls, as it does at start.
void register_rseq() {
  if (&__rseq_offset == nullptr || &__rseq_size == nullptr) return;
  const uint64_t area = cairn_read_fs() + static_cast<uint64_t>(__rseq_offset);
  auto* cpu_id_start = reinterpret_cast<int32_t*>(area);
  auto* cpu_id = reinterpret_cast<int32_t*>(area + 4);
  auto* critical_section = reinterpret_cast<uint64_t*>(area + 8);
  if (load(*cpu_id) < 0) return;
  *critical_section = 0;
  *cpu_id_start = 0;
  store(*cpu_id, -1);
  if (raw_syscall(SYS_rseq, static_cast<long>(area), kRseqBytes, 0, kRseqSignature) != 0) store(*cpu_id, kRseqFailed);
}

// One that the program has registered itself, with the values of struct rseq that say that there is none yet.
void register_own_rseq() {
  if (state.rseq == 0) return;
  auto* cpu_id = reinterpret_cast<int32_t*>(state.rseq + 4);
  *reinterpret_cast<int32_t*>(state.rseq) = 0;
  *reinterpret_cast<uint64_t*>(state.rseq + 8) = 0;
  store(*cpu_id, -1);
  if (raw_syscall(SYS_rseq, static_cast<long>(state.rseq), state.rseq_size, 0, state.rseq_signature) != 0)
    store(*cpu_id, kRseqFailed);
}

void refuse(int verdict) {
  int32_t none = 0;
  if (verdict != 0)
    __atomic_compare_exchange_n(&cairn_guest_self.stop_verdict, &none, verdict, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_RELAXED);
}

int wait_for_release(cairn_thread& slot, uint32_t epoch) {
  cairn_guest& g = cairn_guest_self;
  put_turn_aside();
  store_and_wake(slot.state, CAIRN_THREAD_STOPPED);
  __atomic_add_fetch(&g.stopped, 1, __ATOMIC_SEQ_CST);
  wake_all(g.stopped);
  // In the kernel's barrier, if there is one: whatever ends that, it is `release` that counts.
  const int32_t barrier = load(table().barrier_fd);
  if (barrier >= 0 && load(g.release) != epoch) raw_syscall(SYS_ioctl, barrier, CAIRN_KM_ENTER, 0);
  for (uint32_t seen; (seen = load(g.release)) != epoch;) wait_while(g.release, seen);
  const int result = load(g.stop_result);
  store_and_wake(slot.state, CAIRN_THREAD_RUNNING);
  take_turn_again();
  return result;
}

uint64_t gs_base() {
  uint64_t base = 0;
  return raw_syscall(SYS_arch_prctl, ARCH_GET_GS, address(&base)) == 0 ? base : 0;
}

int go_on_revived(cairn_thread& slot, uint32_t epoch) {
  cairn_guest& g = cairn_guest_self;
  register_rseq();
  register_own_rseq();
  forget_host_fs();
  for (uint32_t seen; (seen = load(g.revive_go)) != epoch;) wait_while(g.revive_go, seen);
  Moment::set_anew();
  store_and_wake(slot.state, CAIRN_THREAD_RUNNING);
  take_turn_again();
  return 1;
}

// The interrupted code is a handler that itself interrupted the host: the thread is still inside the host. Its own
// stack tells, which need not be the one that this signal's handler runs on.
bool below_host_code(const ucontext_t& frame) {
  if (state.host_frame == nullptr) return false;
  const auto here = static_cast<uint64_t>(frame.uc_mcontext.gregs[REG_RSP]);
  if (here < reinterpret_cast<uint64_t>(state.host_frame) && here >= state.host_frame_floor) return true;
  state.host_frame = nullptr;  // that handler was left by longjmp
  return false;
}

// What the program waited for is waited for again (interrupted.hpp).
void note_interruption() {
  state.stop_signals = state.stop_signals + 1;
  if (state.interrupted_at == 0) state.interrupted_at = monotonic_nanoseconds();
}

bool may_stop(const ucontext_t& frame) {
  if (state.defer != 0 || below_host_code(frame)) return false;
  if (state.critical_depth != 0) {
    report_critical_section();
    return false;
  }
  return state.chain == nullptr || !state.chain->in_signal_context();
}

}  // namespace

int stand_still(int verdict) {
  // Read again after a revival: the saved context brings back registers, not what the compiler kept in them.
  struct {
    cairn_thread* slot;
    uint32_t epoch;
    uint64_t gs;  // of the program; a new thread's is 0
  } volatile mine = {state.slot, load(cairn_guest_self.stop_wanted), 0};
  if (mine.epoch == 0) return verdict != 0 ? -verdict : 0;
  refuse(verdict);
  describe_settings(mine.slot->settings);  // now: a signal-context callback may have changed them
  mine.gs = gs_base();
  const int revived = cairn_save_context(&mine.slot->context);
  const int result = revived == 0 ? wait_for_release(*mine.slot, mine.epoch) : go_on_revived(*mine.slot, mine.epoch);
  if (revived != 0 && mine.gs != 0) raw_syscall(SYS_arch_prctl, ARCH_SET_GS, static_cast<long>(mine.gs));
  return verdict != 0 ? -verdict : result;
}

void release_slot() {
  cairn_thread* slot = state.slot;
  if (slot == nullptr) return;
  StopDeferred deferred;
  state.slot = nullptr;
  store(slot->tid, 0);
  store_and_wake(slot->state, CAIRN_THREAD_FREE);
}

void forget_slots() {
  cairn_guest& g = cairn_guest_self;
  for (uint32_t i = 0; i < slots_reached && i < g.threads_max; ++i) {
    if (g.threads[i].tid != 0) g.threads[i] = cairn_thread{};
  }
  slots_reached = 1;
  state.slot = nullptr;
}

void stop_if_wanted() {
  if (load(cairn_guest_self.stop_wanted) == 0) return;
  if (state.defer == 0 && state.critical_depth == 0) signal_thread(own_tid(), CAIRN_STOP_SIGNAL);
}

// Returns at once where the thread cannot stand; it comes back to stop_if_wanted() when it can.
void stop_in_frame(void* frame) {
  if (within_crossing() || stands_above_host(*static_cast<ucontext_t*>(frame))) return;
  note_interruption();
  if (load(cairn_guest_self.stop_wanted) == 0 || !may_stop(*static_cast<ucontext_t*>(frame))) return;
  if (forget_host_stack(*static_cast<ucontext_t*>(frame))) {
    signal_thread(own_tid(), CAIRN_STOP_SIGNAL);
    return;
  }
  cairn_thread* slot = own_slot();
  if (slot == nullptr) return;
  const int saved_errno = errno;
  describe_thread(*slot);
  slot->frame = reinterpret_cast<uint64_t>(frame);
  wrap_libc_handlers();  // of threads that libc has made by itself (aio_read), which the host cannot stop before that
  show_semaphore_call(*static_cast<ucontext_t*>(frame));
  run_signal_callbacks();
  errno = saved_errno;
}

// An attempt calls all threads, also those that stand: it would be followed by another, and that by the next.
static void forget_stop_signals() {
  const uint64_t set = 1ULL << (CAIRN_STOP_SIGNAL - 1);
  const timespec now{};
  while (!is_error(raw_syscall(SYS_rt_sigtimedwait, address(&set), 0, address(&now), sizeof set))) {
  }
}

// A copy that fork made is to have a host of its own (core/host/adoption.hpp): the thread stands until it is there. One
// that cannot returns at once, and is asked again.
static void stand_for_new_host(const ucontext_t& frame) {
  cairn_table& t = table();
  if (within_crossing() || stands_above_host(frame)) return;
  note_interruption();
  if (state.defer != 0 || below_host_code(frame) || load(t.copy) != own_pid()) return;
  put_turn_aside();
  __atomic_add_fetch(&t.standing, 1, __ATOMIC_SEQ_CST);
  wake_all(t.standing);
  uint32_t none = CAIRN_ADOPTION_NONE;
  if (__atomic_compare_exchange_n(&t.adoption, &none, CAIRN_ADOPTION_BEGUN, false, __ATOMIC_SEQ_CST,
                                  __ATOMIC_SEQ_CST) &&
      t.adopt() != 0)
    store_and_wake(t.adoption, CAIRN_ADOPTION_FAILED);
  uint32_t seen = 0;
  while ((seen = load(t.adoption)) == CAIRN_ADOPTION_BEGUN) wait_while(t.adoption, seen);
  if (seen == CAIRN_ADOPTION_DONE) forget_host_fs();
  if (seen == CAIRN_ADOPTION_FAILED) forget_stop_signals();
  // The last one makes it possible to try again, in this copy or in one of it.
  if (__atomic_sub_fetch(&t.standing, 1, __ATOMIC_SEQ_CST) == 0)
    store(t.adoption, static_cast<uint32_t>(CAIRN_ADOPTION_NONE));
  take_turn_again();
}

// The process has been stopped: the program goes on when somebody else wakes it, which a wait tells that takes too
// long, or by itself if nobody stops it for a checkpoint.
static void hold(const ucontext_t& frame) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLook{50};
  constexpr std::int64_t kStoppedMeanwhile = 1'000'000'000, kLongest = CAIRN_HOLD_MILLISECONDS * 1'000'000LL;
  if (within_crossing() || stands_above_host(frame) || state.defer != 0 || state.critical_depth != 0) return;
  const std::int64_t begin = monotonic_nanoseconds();
  for (std::int64_t now = begin; load(cairn_guest_self.stop_wanted) == 0 && now - begin < kLongest;) {
    wait_while(cairn_guest_self.stop_wanted, 0, kLook);
    const std::int64_t before = now;
    now = monotonic_nanoseconds();
    if (now - before > kStoppedMeanwhile) return;
  }
}

bool come_to_own_host() {
  const cairn_table& t = table();
  if (load(t.copy) != own_pid()) return true;
  queue_signal_for_thread(own_tid(), CAIRN_STOP_SIGNAL, CAIRN_ADOPT_VALUE);
  return load(t.copy) == 0;
}

void tell_about_stop_signal() {
  static uint32_t told = 0;
  if (__atomic_exchange_n(&told, 1, __ATOMIC_RELAXED) != 0) return;
  static constexpr char kText[] =
      "cairn: signal 64 stops threads for checkpoints; nothing else comes of it here, and SIGRTMAX is 63\n";
  raw_syscall(SYS_write, STDERR_FILENO, address(kText), sizeof kText - 1);
}

// Whoever stops threads does it by tgkill(). What else sends the signal means the program.
static void stop_handler(int, siginfo_t* info, void* frame) {
  if (info->si_code == SI_QUEUE && info->si_value.sival_int == CAIRN_ADOPT_VALUE)
    return stand_for_new_host(*static_cast<ucontext_t*>(frame));
  const bool held = info->si_code == SI_QUEUE && info->si_value.sival_int == CAIRN_HOLD_VALUE;
  if (held) hold(*static_cast<ucontext_t*>(frame));
  if (info->si_code != SI_TKILL && !held) tell_about_stop_signal();
  stop_in_frame(frame);
}

// Programs whose stack pointer is not always that of a C stack (goroutines, Erlang's processes) have all their handlers
// run on alternate ones: where a frame went elsewhere it would overwrite what lies below.
static uint64_t stack_flag = 0;

static void set_stop_action() {
  KernelAction action{};
  action.handler = reinterpret_cast<uint64_t>(&stop_handler);
  action.flags = SA_SIGINFO | SA_RESTART | kRestorerFlag | load(stack_flag);
  action.restorer = reinterpret_cast<uint64_t>(&cairn_restorer);
  action.mask = ~0ULL;
  raw_syscall(SYS_rt_sigaction, CAIRN_STOP_SIGNAL, address(&action), 0, sizeof action.mask);
}

void stop_on_alternate_stacks() {
  if (load(stack_flag) != 0) return;
  store(stack_flag, uint64_t{SA_ONSTACK});
  if (hosted()) set_stop_action();
}

void install_stop_handler() {
  set_stop_action();
  const uint64_t stop_signal = 1ULL << (CAIRN_STOP_SIGNAL - 1);
  raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, address(&stop_signal), 0, sizeof stop_signal);
}

void ignore_stop_signal() {
  KernelAction action{};
  action.handler = reinterpret_cast<uint64_t>(SIG_IGN);
  raw_syscall(SYS_rt_sigaction, CAIRN_STOP_SIGNAL, address(&action), 0, sizeof action.mask);
}

bool is_stop_handler(uint64_t handler) { return handler == reinterpret_cast<uint64_t>(&stop_handler); }

}  // namespace cairn::guest
