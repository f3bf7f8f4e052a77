// SPDX-License-Identifier: Apache-2.0
#include "core/host/threads.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>

#include "core/abi/thread_pointer.h"
#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/unique_fd.hpp"
#include "core/host/entries.hpp"
#include "core/host/host.hpp"
#include "core/host/thread_stacks.hpp"

namespace cairn::host {
namespace {

// Written by the guest through its host thread pointer; read by the guest's signal trampolines.
thread_local std::uint64_t attached_guest_fs __attribute__((tls_model("initial-exec"), used)) = 0;

constexpr int kMaxHostThreads = 8192;
constexpr int kMaxDonors = 4096;  // as many threads as a program may have (core/guest/attach.cpp)
constexpr int kDonorsLow = 1;     // the keeper makes more when fewer than this are free
constexpr int kDonorsStep = 4;
constexpr std::size_t kStackSize = 2UL << 20;

struct Donor {
  std::atomic<std::uint64_t> fs{0};
  std::atomic<bool> busy{false};
};

struct Threads {
  std::uint64_t main_fs = 0;
  std::atomic<int> tids[kMaxHostThreads] = {};  // 0: free slot
  std::atomic<int> tids_reached{0};             // those from there on have never been used
  Donor donors[kMaxDonors];
  std::atomic<int> donor_count{0};
  std::atomic<int> donors_free{0};
  std::atomic<int> wanted{0};  // futex of the keeper, changed by every borrow that finds few left
  bool keeper_started = false;
};
Threads threads;

void add_tid(int tid) noexcept {
  for (int i = 0; i < kMaxHostThreads; ++i) {
    for (int reached = threads.tids_reached.load(); reached <= i;) {
      if (threads.tids_reached.compare_exchange_weak(reached, i + 1)) break;
    }
    int expected = 0;
    if (threads.tids[i].compare_exchange_strong(expected, tid)) return;
  }
}

void remove_tid(int tid) noexcept {
  for (int i = 0; i < threads.tids_reached.load(); ++i) {
    int expected = tid;
    if (threads.tids[i].compare_exchange_strong(expected, 0)) return;
  }
}

void futex_wait(std::atomic<int>& word, int value) noexcept {
  raw_syscall(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAIT_PRIVATE, value, 0);
}
void futex_wake(std::atomic<int>& word, int count) noexcept {
  raw_syscall(SYS_futex, reinterpret_cast<long>(&word), FUTEX_WAKE_PRIVATE, count);
}

struct Start {
  void* (*function)(void*);
  void* argument;
};

void leave_registry(void*) noexcept { remove_tid(own_tid()); }

void* run_registered(void* raw) {
  const Start start = *static_cast<Start*>(raw);
  std::free(raw);
  add_tid(own_tid());
  void* result = nullptr;
  pthread_cleanup_push(leave_registry, nullptr);
  result = start.function(start.argument);
  pthread_cleanup_pop(1);
  return result;
}

// All signals are blocked in host threads: a handler of the guest must never run on a thread that has no guest
// half.
int create_thread(pthread_t* thread, const pthread_attr_t* wanted, void* (*function)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  auto* start = static_cast<Start*>(std::malloc(sizeof(Start)));
  if (start == nullptr) return EAGAIN;
  *start = {function, argument};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  std::size_t stack_size = kStackSize;
  int detach = PTHREAD_CREATE_JOINABLE;
  if (wanted != nullptr) {
    pthread_attr_getdetachstate(wanted, &detach);
    pthread_attr_setdetachstate(&attributes, detach);
    std::size_t size = 0;
    if (pthread_attr_getstacksize(wanted, &size) == 0 && size > stack_size) stack_size = size;
  }
  void* const stack = take_stack(stack_size, detach == PTHREAD_CREATE_JOINABLE);
  if (stack == nullptr) {
    pthread_attr_destroy(&attributes);
    std::free(start);
    return EAGAIN;
  }
  pthread_attr_setstack(&attributes, stack, stack_size);
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  const int result = real(thread, &attributes, run_registered, start);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  pthread_attr_destroy(&attributes);
  if (result != 0) {
    std::free(start);
    give_stack(stack, stack_size);
  }
  return result;
}

void* donate(void*) {
  const int i = threads.donor_count.fetch_add(1);
  threads.donors[i].fs = cairn_own_fs();
  threads.donors_free.fetch_add(1);
  futex_wake(threads.donors_free, INT_MAX);
  std::atomic<int> never{0};
  for (;;) futex_wait(never, 0);
  return nullptr;
}

void* keep_donors(void*) {
  for (;;) {
    const int seen = threads.wanted.load();
    if (threads.donors_free.load() < kDonorsLow && threads.donor_count.load() + kDonorsStep <= kMaxDonors)
      start_donors(kDonorsStep);
    futex_wait(threads.wanted, seen);
  }
  return nullptr;
}

void want_donors() noexcept {
  threads.wanted.fetch_add(1);
  futex_wake(threads.wanted, 1);
}

std::uint64_t borrow_free_fs() noexcept {
  const int count = threads.donor_count.load();
  for (int i = 0; i < count; ++i) {
    Donor& donor = threads.donors[i];
    if (donor.fs.load() == 0 || donor.busy.exchange(true)) continue;
    if (threads.donors_free.fetch_sub(1) <= kDonorsLow) want_donors();
    return donor.fs.load();
  }
  return 0;
}

}  // namespace

void register_main_thread() noexcept {
  threads.main_fs = cairn_own_fs();
  attached_guest_fs = 0;
}

void keep_main_thread() noexcept { add_tid(own_tid()); }

std::uint64_t main_thread_fs() noexcept { return threads.main_fs; }

std::int64_t guest_fs_offset() noexcept {
  return static_cast<std::int64_t>(reinterpret_cast<std::uint64_t>(&attached_guest_fs) - cairn_own_fs());
}

void start_donors(unsigned count) {
  const int goal = threads.donor_count.load() + static_cast<int>(count);
  if (goal > kMaxDonors) throw TemporaryError("too many guest threads in the host: " + std::to_string(goal));
  for (unsigned i = 0; i < count; ++i) {
    pthread_t thread;
    const int error = pthread_create(&thread, nullptr, donate, nullptr);
    if (error != 0) throw EnvironmentError(with_errno("cannot create a host thread", error));
    pthread_detach(thread);
  }
  while (threads.donor_count.load() < goal) sched_yield();
  while (threads.donors[goal - 1].fs.load() == 0) sched_yield();
  if (!threads.keeper_started) {
    threads.keeper_started = true;
    pthread_t keeper;
    if (pthread_create(&keeper, nullptr, keep_donors, nullptr) == 0) pthread_detach(keeper);
  }
}

std::uint64_t borrow_fs() noexcept {
  for (;;) {
    if (const std::uint64_t fs = borrow_free_fs(); fs != 0) return fs;
    const int free_now = threads.donors_free.load();
    want_donors();
    if (free_now <= 0) futex_wait(threads.donors_free, free_now);
  }
}

std::uint64_t try_borrow_fs() noexcept { return is_original_process() ? borrow_fs() : borrow_free_fs(); }

void return_fs(std::uint64_t host_fs) noexcept {
  const int count = threads.donor_count.load();
  for (int i = 0; i < count; ++i) {
    if (threads.donors[i].fs.load() != host_fs) continue;
    threads.donors_free.fetch_add(1);
    threads.donors[i].busy.store(false);
    futex_wake(threads.donors_free, INT_MAX);
    return;
  }
}

void threads_after_fork() noexcept {
  for (int i = 0; i < threads.tids_reached.load(); ++i) threads.tids[i].store(0);
  threads.tids_reached.store(0);
}

bool is_host_thread(int tid) noexcept {
  for (int i = 0, reached = threads.tids_reached.load(std::memory_order_acquire); i < reached; ++i) {
    if (threads.tids[i].load(std::memory_order_relaxed) == tid) return true;
  }
  return false;
}

std::vector<int> guest_threads() {
  std::vector<int> result;
  UniqueFd directory(open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw EnvironmentError(with_errno("/proc/self/task", errno));
  alignas(dirent64) char buffer[8192];
  for (;;) {
    const long n = raw_syscall(SYS_getdents64, directory.get(), reinterpret_cast<long>(buffer), sizeof buffer);
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const int tid = std::atoi(entry->d_name);
      if (tid > 0 && !is_host_thread(tid)) result.push_back(tid);
    }
  }
  return result;
}

}  // namespace cairn::host

CAIRN_INTERPOSE int CAIRN_OWN(pthread_create)(pthread_t* thread, const pthread_attr_t* wanted, void* (*function)(void*),
                                              void* argument) {
  return cairn::host::create_thread(thread, wanted, function, argument);
}
