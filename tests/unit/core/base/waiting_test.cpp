// SPDX-License-Identifier: Apache-2.0
// What threads wait with: spin lock, words that are waited for, deadlines.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/base/futex.hpp"
#include "core/base/spin_lock.hpp"

namespace cairn {
namespace {

TEST(SpinLock, ExcludesOthers) {
  SpinLock lock;
  long count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20000; ++round) {
        const Locked locked(lock);
        ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 4 * 20000);
}

TEST(SpinLock, ResetFreesWhatAnotherThreadHeld) {
  SpinLock lock;
  std::thread([&] { lock.lock(); }).join();
  lock.reset();
  lock.lock();
  lock.unlock();
}

TEST(AllSignalsBlocked, ForItsScopeAndNoLonger) {
  sigset_t before, within, after;
  sigemptyset(&before);
  sigaddset(&before, SIGUSR2);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  {
    const AllSignalsBlocked blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &within);
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal : {SIGTERM, SIGUSR1, SIGRTMIN, SIGRTMAX}) {
    EXPECT_TRUE(sigismember(&within, signal)) << signal;
    EXPECT_FALSE(sigismember(&after, signal)) << signal;
  }
  EXPECT_TRUE(sigismember(&after, SIGUSR2));
}

TEST(Futex, AWaiterIsWokenByTheStore) {
  std::uint32_t word = 0;
  std::thread waiter([&] {
    while (load(word) == 0) wait_while(word, 0);
  });
  store_and_wake(word, 1u);
  waiter.join();
}

TEST(Futex, WaitReturnsAtOnceIfTheWordHasChanged) {
  const std::uint32_t word = 1;
  wait_while(word, 0);
}

TEST(Futex, WaitEndsAtItsLimit) {
  const std::uint32_t word = 0;
  const std::int64_t begun = monotonic_nanoseconds();
  while (monotonic_nanoseconds() - begun < 2000000) wait_while(word, 0, std::chrono::milliseconds(1));
}

TEST(Deadline, PassesWhenNothingIsLeft) {
  const Deadline past(-1), far(1000);
  EXPECT_TRUE(past.passed());
  EXPECT_LT(past.left(), 0);
  EXPECT_FALSE(far.passed());
  EXPECT_GT(far.left(), 900);
  EXPECT_LE(far.left(), 1000);
}

}  // namespace
}  // namespace cairn
