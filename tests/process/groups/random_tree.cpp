// SPDX-License-Identifier: Apache-2.0
// cr_random_tree FLAG SEED [PATH]: a process tree that is drawn from a seed, and checks itself. Each process has up to
// three children: copies made by fork(), by this thread or another, or programs executed after fork() or vfork(), some
// in a group or session of their own; threads; memory that is a function of the steps done. Again and again it does one
// of: sends a child a numbered signal (they arrive in order, all of them), makes a child that ends at once with a code
// that is compared, grows or shrinks its memory, sleeps, has a timer fire. The last signal says how many came before;
// each process then ends its children and looks at their codes, which the plan says as well.
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kEnd = 1 << 30;  // in a signal's value: the last; the rest is how many came before

// splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }

 private:
  std::uint64_t state_;
};

// What a process is, by its place in the tree: "0", "0.2", "0.2.1".
enum class Birth { copy, by_vfork, by_thread, executed };
struct Plan {
  int children = 0, threads = 0, code = 0;
  Birth birth = Birth::copy;
  int apart = 0;  // 1: a group of its own, 2: a session
  std::uint64_t seed = 0;
};

Plan plan_of(std::uint64_t seed, const std::string& path) {
  std::uint64_t hash = seed * 0x100000001b3ULL + 14695981039346656037ULL;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  Random random(hash);
  const auto depth = static_cast<int>(path.size() / 2);
  Plan plan;
  plan.children = depth == 0 ? 1 + random.below(3) : depth < 3 ? random.below(4 - depth) : 0;
  plan.threads = random.below(4) == 0 ? 1 + random.below(2) : 0;
  plan.birth = static_cast<Birth>(random.below(4));
  plan.apart = random.below(4) == 0 ? 1 + random.below(2) : 0;
  plan.code = 10 + random.below(90);
  plan.seed = random.next();
  return plan;
}

constexpr char kRoot[] = "RANDOM_TREE_ROOT";
constexpr pid_t kInherited = -1;

volatile sig_atomic_t came = 0, wrong_order = 0, ending = 0, alarms = 0;
void count_signal(int, siginfo_t* info, void*) {
  const int value = info->si_value.sival_int;
  if ((value & kEnd) != 0) {
    if ((value & ~kEnd) != came) wrong_order = 1;
    ending = 1;
  } else {
    if (value != came) wrong_order = 1;
    came = came + 1;
  }
}
void count_alarm(int) { alarms = alarms + 1; }

struct Child {
  pid_t pid;
  int sent, code;
};

class Process {
 public:
  Process(char** argv, std::string path)
      : argv_(argv), path_(std::move(path)), plan_(plan_of(seed(), path_)), random_(plan_.seed) {
    came = 0;
    wrong_order = 0;
    ending = 0;
    alarms = 0;
    if (plan_.apart == 1 && path_ != "0") setpgid(0, 0);
    if (plan_.apart == 2 && path_ != "0") setsid();
    if (path_ == "0") setenv(kRoot, std::to_string(getpid()).c_str(), 1);
    root_ = atoi(getenv(kRoot));
    group_ = getpgrp() == getpgid(root_) ? kInherited : getpgrp();
    session_ = getsid(0) == getsid(root_) ? kInherited : getsid(0);
    fill();
  }
  void make_children() {
    for (int i = 0; i < plan_.children; ++i) {
      const std::string path = path_ + "." + std::to_string(i);
      const Plan plan = plan_of(seed(), path);
      children_.push_back({make(path, plan.birth), 0, plan.code});
      while (access(marker(path).c_str(), F_OK) != 0) subject::nap();
    }
    sigset_t all, old;  // two threads that take signals at once would take them in any order
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    for (int i = 0; i < plan_.threads; ++i) threads_.emplace_back([this] { compute(); });
    sigprocmask(SIG_SETMASK, &old, nullptr);
  }
  void ready() const { fclose(fopen(marker(path_).c_str(), "w")); }
  void step();
  // The code to end with: the planned one if all was right.
  int end();
  void root() {
    subject::stay_until_asked(argv_[1], [this] { step(); });
  }
  int run() {
    make_children();
    ready();
    while (ending == 0) step();
    return end();
  }

 private:
  std::uint64_t seed() const { return strtoull(argv_[2], nullptr, 10); }
  std::string marker(const std::string& path) const { return std::string(argv_[1]) + "." + path; }
  pid_t make(const std::string& path, Birth birth);
  void compute();
  void fill() {
    for (std::size_t i = 0; i < memory_.size(); i += 61) memory_[i] = value(i);
  }
  std::uint64_t value(std::size_t i) const { return (plan_.seed ^ (steps_ * 0x9e3779b97f4a7c15ULL)) + i; }
  void must(bool right, int what) {
    if (!right && failure_ == 0) failure_ = what;
  }
  void send_signal();
  void short_child();

  char** argv_;
  std::string path_;
  Plan plan_;
  Random random_;
  pid_t pid_ = getpid(), parent_ = getppid(), root_, group_, session_;
  std::vector<Child> children_;
  std::vector<std::thread> threads_;
  std::vector<std::uint64_t> memory_ = std::vector<std::uint64_t>(5000);
  std::uint64_t steps_ = 0;
  std::atomic<bool> over_{false};
  std::atomic<int> failure_{0};
};

pid_t Process::make(const std::string& path, Birth birth) {
  const auto be = [&] {
    char** const argv = argv_;
    Process child(argv, path);
    _exit(child.run());
  };
  pid_t pid = -1;
  if (birth == Birth::by_thread) {
    std::thread([&] {
      pid = fork();
      if (pid == 0) be();
    }).join();
    return pid;
  }
  pid = birth == Birth::by_vfork ? vfork() : fork();
  if (pid != 0) return pid;
  if (birth == Birth::copy) be();
  execl(argv_[0], argv_[0], argv_[1], argv_[2], path.c_str(), nullptr);
  _exit(126);
}

// A sum by two ways.
void Process::compute() {
  std::uint64_t n = 0, sum = 0;
  while (!over_) {
    sum += ++n;
    if (sum != n * (n + 1) / 2) failure_ = 2;
    if (n % 100000 == 0) n = sum = 0;
    if (n % 1000 == 0) subject::nap();
  }
}

void Process::send_signal() {
  if (children_.empty()) return;
  Child& child = children_[static_cast<std::size_t>(random_.below(static_cast<int>(children_.size())))];
  sigval value{};
  value.sival_int = child.sent;
  if (sigqueue(child.pid, SIGRTMIN, value) == 0) {
    ++child.sent;
  } else {
    must(errno == EAGAIN, 3);  // too many are queued
  }
}

void Process::short_child() {
  const int code = random_.below(256);
  const pid_t child = random_.below(2) == 0 ? fork() : vfork();
  if (child == 0) _exit(code);
  int status = 0;
  must(child > 0, 4);
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return must(false, 5);
  }
  must(WIFEXITED(status) && WEXITSTATUS(status) == code, 6);
}

void Process::step() {
  for (std::size_t i = 0; i < memory_.size(); i += 61) must(memory_[i] == value(i), 1);
  must(getpid() == pid_, 7);
  // The first one's parent is who started or restarted it, and its group and session are his.
  must(path_ == "0" || getppid() == parent_, 10);
  must(getpgrp() == (group_ == kInherited ? getpgid(root_) : group_), 11);
  must(getsid(0) == (session_ == kInherited ? getsid(root_) : session_), 12);
  must(wrong_order == 0, 8);
  ++steps_;
  switch (random_.below(8)) {
    case 0:
    case 1:
      send_signal();
      break;
    case 2:
      if (random_.below(4) == 0) short_child();
      break;
    case 3:
      memory_.resize(static_cast<std::size_t>(1000 + random_.below(40000)));
      break;
    case 4: {
      itimerval timer{};
      timer.it_value.tv_usec = 500 + random_.below(2000);
      const int before = alarms;
      setitimer(ITIMER_REAL, &timer, nullptr);
      for (int i = 0; alarms == before && i < 20000; ++i) subject::nap();
      must(alarms == before + 1, 9);
      break;
    }
    default:
      usleep(static_cast<useconds_t>(random_.below(3000)));
  }
  fill();
}

int Process::end() {
  over_ = true;
  for (std::thread& thread : threads_) thread.join();
  for (Child& child : children_) {
    sigval value{};
    value.sival_int = kEnd | child.sent;
    while (sigqueue(child.pid, SIGRTMIN, value) != 0 && errno == EAGAIN) subject::nap();
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != child.code) {
      printf("%s: its child %d ended with status 0x%x instead of code %d\n", path_.c_str(), child.pid, status,
             child.code);
      fflush(stdout);
      must(false, 101);
    }
  }
  must(wrong_order == 0, 8);
  return failure_ == 0 ? plan_.code : 100 + failure_ % 100;
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc >= 3);
  struct sigaction action {};
  action.sa_sigaction = count_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigaction(SIGRTMIN, &action, nullptr);
  signal(SIGALRM, count_alarm);
  Process process(argv, argc > 3 ? argv[3] : "0");
  if (argc > 3) return process.run();
  process.make_children();
  process.root();
  const int code = process.end();
  CHECK_EQUAL(code, plan_of(strtoull(argv[2], nullptr, 10), "0").code);
  return subject::verdict();
}
