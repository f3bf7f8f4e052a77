// SPDX-License-Identifier: Apache-2.0
// eventfds: counts, semaphores, descriptors that share one, one that a thread waits for.
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr std::uint64_t most = ~0ULL - 1;

std::uint64_t take(int fd) {
  std::uint64_t value = 0;
  CHECK(read(fd, &value, sizeof value) == sizeof value);
  return value;
}

void add(int fd, std::uint64_t value) { CHECK(write(fd, &value, sizeof value) == sizeof value); }

bool is_empty(int fd) {
  std::uint64_t value = 0;
  return read(fd, &value, sizeof value) < 0 && errno == EAGAIN;
}

bool closes_on_exec(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

}  // namespace

int main(int, char** argv) {
  const int counter = eventfd(5, EFD_NONBLOCK);
  const int shared = fcntl(counter, F_DUPFD_CLOEXEC, 40);
  const int semaphore = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
  const int empty = eventfd(0, EFD_NONBLOCK);
  const int full = eventfd(0, EFD_NONBLOCK);
  add(full, most);
  const int one = eventfd(1, EFD_SEMAPHORE | EFD_NONBLOCK);
  const int awaited = eventfd(0, 0), busy = eventfd(0, 0);
  // All have one inode: which are the same has to be found out.
  std::vector<int> many, again;
  for (unsigned i = 0; i < 300; ++i) {
    many.push_back(eventfd(i + 1, EFD_NONBLOCK));
    if (i % 3 == 0) again.push_back(dup(many.back()));
  }
  std::atomic<std::uint64_t> came{0};
  std::thread waiter([&] { came = take(awaited); });
  std::uint64_t sum = 0, rounds = 0;
  subject::stay_until_asked(argv[1], [&] {
    add(busy, 2);
    sum += take(busy);
    ++rounds;
    subject::nap();
  });

  CHECK_EQUAL(sum, 2 * rounds);
  CHECK_EQUAL(came.load(), 0UL);
  add(awaited, 7);
  waiter.join();
  CHECK_EQUAL(came.load(), 7UL);
  CHECK_EQUAL(fcntl(awaited, F_GETFL) & O_NONBLOCK, 0);

  for (unsigned i = 0; i < 300; ++i) {
    CHECK_EQUAL(take(many[i]), i + 1UL);
    if (i % 3 == 0) CHECK(is_empty(again[i / 3]));
  }
  add(shared, 2);
  CHECK_EQUAL(take(counter), 7UL);
  CHECK(is_empty(shared));
  CHECK(closes_on_exec(shared) && !closes_on_exec(counter) && closes_on_exec(semaphore));
  for (int i = 0; i < 3; ++i) CHECK_EQUAL(take(semaphore), 1UL);
  CHECK(is_empty(semaphore));
  CHECK_EQUAL(take(one), 1UL);
  CHECK(is_empty(one));
  add(one, 2);
  CHECK_EQUAL(take(one), 1UL);
  CHECK(is_empty(empty));
  const std::uint64_t more = 1;
  CHECK(write(full, &more, sizeof more) < 0 && errno == EAGAIN);
  CHECK_EQUAL(take(full), most);
  return subject::verdict();
}
