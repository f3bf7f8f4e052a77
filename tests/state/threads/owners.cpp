// SPDX-License-Identifier: Apache-2.0
// Locks that know their owner, held while the program is brought back with other thread numbers: whoever held them
// still holds them, and may take them again, give them back, or end with them.
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <threads.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

void make(pthread_mutex_t& lock, int type, int protocol, int robust, int shared) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutexattr_setprotocol(&attributes, protocol);
  pthread_mutexattr_setrobust(&attributes, robust);
  pthread_mutexattr_setpshared(&attributes, shared);
  CHECK_EQUAL(pthread_mutex_init(&lock, &attributes), 0);
}

struct Mutex {
  Mutex(int type, int protocol, int robust) { make(lock, type, protocol, robust, PTHREAD_PROCESS_PRIVATE); }
  pthread_mutex_t lock;
};

constexpr std::array kTypes{PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_NORMAL};

std::atomic<bool> asked{false};
std::atomic<int> ready{0};

void wait_until_asked() {
  ++ready;
  while (!asked) subject::nap();
}

bool is_taken_elsewhere(pthread_mutex_t* lock) {
  int error = 0;
  std::thread([&] {
    error = pthread_mutex_trylock(lock);
    if (error == 0) pthread_mutex_unlock(lock);
  }).join();
  return error == EBUSY;
}

void holds_a_mutex(int type, int protocol, int robust) {
  Mutex mutex(type, protocol, robust);
  pthread_mutex_t* const lock = &mutex.lock;
  CHECK_EQUAL(pthread_mutex_lock(lock), 0);
  wait_until_asked();
  CHECK(is_taken_elsewhere(lock));
  if (type == PTHREAD_MUTEX_RECURSIVE) CHECK(pthread_mutex_lock(lock) == 0 && pthread_mutex_unlock(lock) == 0);
  if (type == PTHREAD_MUTEX_ERRORCHECK) CHECK_EQUAL(pthread_mutex_lock(lock), EDEADLK);
  CHECK_EQUAL(pthread_mutex_unlock(lock), 0);
  CHECK(!is_taken_elsewhere(lock));
  CHECK(pthread_mutex_lock(lock) == 0 && pthread_mutex_unlock(lock) == 0);
}

// Where the kernel notes, when the program is killed, that whoever has it has died.
void holds_some_in_a_file(int protocol) {
  const int fd = open(protocol == PTHREAD_PRIO_NONE ? "locks" : "inheriting locks", O_CREAT | O_RDWR, 0600);
  CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
  auto* const locks = static_cast<pthread_mutex_t*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  CHECK(locks != MAP_FAILED);
  for (size_t i = 0; i < kTypes.size(); ++i) {
    make(locks[i], kTypes[i], protocol, PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_SHARED);
    CHECK_EQUAL(pthread_mutex_lock(&locks[i]), 0);
  }
  wait_until_asked();
  for (size_t i = 0; i < kTypes.size(); ++i) {
    CHECK(is_taken_elsewhere(&locks[i]));
    CHECK_EQUAL(pthread_mutex_unlock(&locks[i]), 0);
    CHECK(!is_taken_elsewhere(&locks[i]));
  }
}

// The first to touch it after the restart is not the one who holds it, and is in the kernel waiting for it.
void is_waited_for(int protocol, int robust) {
  Mutex mutex(PTHREAD_MUTEX_NORMAL, protocol, robust);
  CHECK_EQUAL(pthread_mutex_lock(&mutex.lock), 0);
  std::atomic<bool> given_back{false};
  std::thread waiter([&] {
    ++ready;
    CHECK_EQUAL(pthread_mutex_lock(&mutex.lock), 0);
    CHECK(given_back);
    CHECK_EQUAL(pthread_mutex_unlock(&mutex.lock), 0);
  });
  wait_until_asked();
  given_back = true;
  CHECK_EQUAL(pthread_mutex_unlock(&mutex.lock), 0);
  waiter.join();
}

// The kernel tells the next one that the owner has died.
void ends_with_it() {
  Mutex mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
  std::thread([&] {
    CHECK_EQUAL(pthread_mutex_lock(&mutex.lock), 0);
    wait_until_asked();
  }).join();
  CHECK_EQUAL(pthread_mutex_lock(&mutex.lock), EOWNERDEAD);
  CHECK(pthread_mutex_consistent(&mutex.lock) == 0 && pthread_mutex_unlock(&mutex.lock) == 0);
}

void holds_a_lock_for_writing() {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  CHECK_EQUAL(pthread_rwlock_wrlock(&lock), 0);
  wait_until_asked();
  CHECK_EQUAL(pthread_rwlock_rdlock(&lock), EDEADLK);
  CHECK_EQUAL(pthread_rwlock_unlock(&lock), 0);
  CHECK(pthread_rwlock_tryrdlock(&lock) == 0 && pthread_rwlock_unlock(&lock) == 0);
  CHECK(pthread_rwlock_trywrlock(&lock) == 0 && pthread_rwlock_unlock(&lock) == 0);
}

void holds_what_languages_have() {
  std::recursive_mutex mutex;
  mtx_t plain;
  CHECK(mtx_init(&plain, mtx_plain | mtx_recursive) == thrd_success);
  mutex.lock();
  CHECK(mtx_lock(&plain) == thrd_success);
  wait_until_asked();
  CHECK(mutex.try_lock());
  mutex.unlock();
  mutex.unlock();
  CHECK(mtx_trylock(&plain) == thrd_success && mtx_unlock(&plain) == thrd_success);
  CHECK(mtx_unlock(&plain) == thrd_success);
}

// The loader has a lock of its own around the callback, and takes it once more.
void is_inside_the_loader() {
  const auto inside = [](dl_phdr_info*, size_t, void*) {
    wait_until_asked();
    return 1;
  };
  dl_iterate_phdr(inside, nullptr);
}

}  // namespace

int main(int, char** argv) {
  std::vector<std::function<void()>> holders{ends_with_it, holds_a_lock_for_writing, holds_what_languages_have,
                                             is_inside_the_loader};
  int expected = static_cast<int>(holders.size());
  for (int protocol : {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT}) {
    holders.emplace_back([=] { holds_some_in_a_file(protocol); });
    ++expected;
    for (int robust : {PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_ROBUST}) {
      for (int type : kTypes) holders.emplace_back([=] { holds_a_mutex(type, protocol, robust); });
      holders.emplace_back([=] { is_waited_for(protocol, robust); });
      expected += static_cast<int>(kTypes.size()) + 2;
    }
  }
  std::vector<std::thread> threads;
  for (const auto& holder : holders) threads.emplace_back(holder);
  Mutex of_main(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
  CHECK_EQUAL(pthread_mutex_lock(&of_main.lock), 0);
  while (ready < expected) subject::nap();
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK(pthread_mutex_lock(&of_main.lock) == 0 && pthread_mutex_unlock(&of_main.lock) == 0);
  CHECK_EQUAL(pthread_mutex_unlock(&of_main.lock), 0);
  asked = true;
  for (std::thread& thread : threads) thread.join();
  return subject::verdict();
}
