// SPDX-License-Identifier: Apache-2.0
// More threads than the host begins with room for, some of which cross into it: they fork before and after the restart.
#include <pthread.h>
#include <sys/wait.h>

#include <atomic>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kThreads = 1100;
std::atomic<bool> asked{false};
std::atomic<int> through{0}, right{0};

// A fork of so many threads takes long.
bool fork_returns(int code) {
  if (code % 128 != 0) return true;
  const pid_t child = fork();
  if (child == 0) _exit(code);
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

void* run(void* argument) {
  const int code = static_cast<int>(reinterpret_cast<std::intptr_t>(argument)) % 256;
  const bool before = fork_returns(code);
  ++through;
  while (!asked) usleep(200000);
  if (before && fork_returns(code)) ++right;
  return nullptr;
}

}  // namespace

int main(int, char** argv) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64UL << 10);
  std::vector<pthread_t> threads(kThreads);
  for (std::intptr_t i = 0; i < kThreads; ++i)
    CHECK_EQUAL(pthread_create(&threads[static_cast<std::size_t>(i)], &attributes, run, reinterpret_cast<void*>(i)), 0);
  while (through < kThreads) subject::nap();
  subject::stay_until_asked(argv[1], [] { subject::nap(); });
  asked = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  CHECK_EQUAL(right.load(), kThreads);
  return subject::verdict();
}
