// SPDX-License-Identifier: Apache-2.0
// Threads that hand values around through mutexes, condition variables, atomics and futex-based barriers, one of
// them asleep, some with work in registers only.
#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

std::mutex lock;
std::condition_variable changed;
std::deque<unsigned long> queue;
bool closing = false;
std::atomic<bool> stop{false};
thread_local unsigned long private_count = 0;

struct Totals {
  unsigned long sent = 0, received = 0, sum_sent = 0, sum_received = 0;
};

void produce(Totals* totals, unsigned long seed) {
  unsigned long value = seed;
  while (!stop.load()) {
    value = value * 6364136223846793005UL + 1442695040888963407UL;
    std::unique_lock guard(lock);
    changed.wait(guard, [] { return queue.size() < 64; });
    queue.push_back(value);
    ++totals->sent;
    totals->sum_sent += value;
    ++private_count;
    changed.notify_all();
  }
  CHECK_EQUAL(private_count, totals->sent);
}

void consume(Totals* totals) {
  for (;;) {
    std::unique_lock guard(lock);
    changed.wait(guard, [] { return !queue.empty() || closing; });
    if (queue.empty()) return;
    totals->sum_received += queue.front();
    ++totals->received;
    queue.pop_front();
    ++private_count;
    changed.notify_all();
  }
}

// The state of the generator lives in registers for long stretches.
void compute(unsigned long* steps, unsigned long* state) {
  unsigned long x = 88172645463325252UL, n = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    for (int i = 0; i < 10000; ++i) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
    }
    n += 10000;
  }
  *steps = n;
  *state = x;
}

void check_computed(unsigned long steps, unsigned long state) {
  unsigned long x = 88172645463325252UL;
  for (unsigned long i = 0; i < steps; ++i) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  CHECK_EQUAL(x, state);
}

}  // namespace

int main(int, char** argv) {
  Totals totals[4];
  unsigned long steps = 0, state = 0;
  std::vector<std::thread> producers, others;
  producers.emplace_back(produce, &totals[0], 1);
  producers.emplace_back(produce, &totals[1], 2);
  std::thread consumer1(consume, &totals[2]), consumer2(consume, &totals[3]);
  others.emplace_back(compute, &steps, &state);
  pthread_setname_np(others[0].native_handle(), "computing");
  sem_t never;
  sem_init(&never, 0, 0);
  std::thread waiting([&] { sem_wait(&never); });
  subject::stay_until_asked(argv[1], subject::nap);
  char name[16] = "";
  pthread_getname_np(others[0].native_handle(), name, sizeof name);
  CHECK(std::string(name) == "computing");
  stop.store(true);
  for (auto& t : producers) t.join();
  {
    std::lock_guard guard(lock);
    closing = true;
  }
  changed.notify_all();
  consumer1.join();
  consumer2.join();
  for (auto& t : others) t.join();
  sem_post(&never);
  waiting.join();
  check_computed(steps, state);
  CHECK_EQUAL(totals[0].sent + totals[1].sent, totals[2].received + totals[3].received);
  CHECK_EQUAL(totals[0].sum_sent + totals[1].sum_sent, totals[2].sum_received + totals[3].sum_received);
  CHECK(totals[0].sent > 0 && totals[1].sent > 0);
  std::thread later([] { ++private_count; });  // threads can still be made
  later.join();
  return subject::verdict();
}
