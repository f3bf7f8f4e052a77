// SPDX-License-Identifier: Apache-2.0
// A process whose children are copies of it that execute nothing: of its main thread and of another one, with threads
// of their own, with copies below them, made by vfork(), in a session of their own; one that makes and collects copies
// all the time; and one that executes a program at last. Each counts in memory of its own, and looks after every step
// whether that still is what it was. Told to, each says by its exit code whether all was right.
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

const char* flag = nullptr;
volatile sig_atomic_t told = 0;
void tell(int) { told = 1; }

std::string marker(const std::string& role) { return std::string(flag) + "." + role; }
void ready(const std::string& role) { fclose(fopen(marker(role).c_str(), "w")); }
void await(const std::string& role) {
  while (access(marker(role).c_str(), F_OK) != 0) subject::nap();
}

// Memory that is this process's only: every word is a function of the seed and the step.
class Private {
 public:
  explicit Private(std::uint64_t seed) : seed_(seed), words_(20000, 0) { fill(); }
  bool step() {
    for (std::size_t i = 0; i < words_.size(); i += 97) {
      if (words_[i] != value(i)) return false;
    }
    ++step_;
    fill();
    return true;
  }

 private:
  std::uint64_t value(std::size_t i) const { return (seed_ * 1000003 + step_) * 0x9e3779b97f4a7c15ULL + i; }
  void fill() {
    for (std::size_t i = 0; i < words_.size(); i += 97) words_[i] = value(i);
  }
  std::uint64_t seed_, step_ = 0;
  std::vector<std::uint64_t> words_;
};

// Until it is told to end; 0 if all was right.
int count(
    const std::string& role, std::uint64_t seed, const std::function<int()>& more = [] { return 0; }) {
  const pid_t pid = getpid(), parent = getppid();
  Private memory(seed);
  ready(role);
  while (told == 0) {
    if (!memory.step()) return 1;
    if (getpid() != pid || getppid() != parent) return 2;
    if (const int wrong = more(); wrong != 0) return wrong;
    subject::nap();
  }
  return 0;
}

int end_of(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

template <class Body>
pid_t copy(const Body& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  return child;
}

int with_threads() {
  std::atomic<bool> go_on{true};
  std::atomic<int> wrong{0};
  std::mutex mutex;
  std::uint64_t sum = 0, twice = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      Private memory(100 + i);
      while (go_on) {
        if (!memory.step()) wrong = 10;
        const std::lock_guard lock(mutex);
        if (twice != 2 * sum) wrong = 11;
        sum += i + 1;
        twice += 2 * (i + 1);
      }
    });
  }
  const int result = count("threads", 7);
  go_on = false;
  for (std::thread& thread : threads) thread.join();
  return result != 0 ? result : wrong.load();
}

// More threads at a time than the host of the process that has forked knew of, each of which forks: it crosses.
int crowd() {
  constexpr int kThreads = 8;
  std::atomic<bool> go_on{true};
  std::atomic<int> through{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const pid_t child = copy([&] { return i; });
      if (child <= 0 || end_of(child) != i) wrong = 30;
      ++through;
      while (go_on) subject::nap();
    });
  }
  while (through < kThreads) subject::nap();
  const int result = count("crowd", 13);
  go_on = false;
  for (std::thread& thread : threads) thread.join();
  return result != 0 ? result : wrong.load();
}

// With one below it that is a copy of the copy.
int nested() {
  const pid_t low = copy([] { return count("low", 50); });
  await("low");
  const int result = count("nested", 51);
  kill(low, SIGUSR1);
  return result != 0 ? result : end_of(low) == 0 ? 0 : 3;
}

int makes_copies() {
  int i = 0;
  return count("makes", 9, [&] {
    const int code = ++i % 100;
    const pid_t child = copy([&] { return code; });
    return child > 0 && end_of(child) == code ? 0 : 20;
  });
}

int in_session() {
  setsid();
  const pid_t session = getpid();
  return count("session", 10, [&] { return getsid(0) == session ? 0 : 21; });
}

int executes(char** argv) {
  if (const int wrong = count("executes", 11); wrong != 0) return wrong;
  execl(argv[0], argv[0], flag, "executed", nullptr);
  return 22;
}

pid_t by_vfork() {
  const pid_t child = vfork();
  if (child == 0) _exit(count("vfork", 12));
  return child;
}

void expect(pid_t child, int code) {
  CHECK_EQUAL(kill(child, SIGUSR1), 0);
  CHECK_EQUAL(end_of(child), code);
}

}  // namespace

int main(int argc, char** argv) {
  flag = argv[1];
  if (argc > 2) return strcmp(argv[2], "executed") == 0 ? 45 : 1;
  signal(SIGUSR1, tell);
  const pid_t plain = copy([] { return count("plain", 1); });
  pid_t of_thread = 0;
  std::thread([&] { of_thread = copy([] { return count("of_thread", 2); }); }).join();
  const pid_t threads = copy(with_threads);
  const pid_t crowded = copy(crowd);
  const pid_t deep = copy(nested);
  const pid_t makes = copy(makes_copies);
  const pid_t session = copy(in_session);
  const pid_t executing = copy([&] { return executes(argv); });
  const pid_t vforked = by_vfork();
  for (const char* role : {"plain", "of_thread", "threads", "crowd", "nested", "makes", "session", "executes", "vfork"})
    await(role);
  Private memory(99);
  bool right = true;
  subject::stay_until_asked(flag, [&] {
    right = right && memory.step();
    subject::nap();
  });
  CHECK(right);
  for (const pid_t child : {plain, of_thread, threads, crowded, deep, makes, session, vforked}) expect(child, 0);
  expect(executing, 45);
  CHECK_EQUAL(waitpid(-1, nullptr, 0), -1);
  return subject::verdict();
}
