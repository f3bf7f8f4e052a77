// SPDX-License-Identifier: Apache-2.0
// Inside a machine with cairn.ko: the barrier of a node request. Whatever happens to one of its parties, everybody is
// let go within the deadline. Prints TAP; exits 1 if anything is wrong.
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "kmod/cairn_uapi.h"

namespace {

int number = 0, failures = 0;

void verdict(const std::string& name, bool good, const std::string& why = "") {
  ++number;
  std::printf("%s %d - %s%s%s\n", good ? "ok" : "not ok", number, name.c_str(), good ? "" : ": ",
              good ? "" : why.c_str());
  std::fflush(stdout);
  if (!good) ++failures;
}

int make_request(unsigned members, unsigned deadline_ms) {
  const int device = open("/dev/cairn", O_RDWR | O_CLOEXEC);
  cairn_km_request r{};
  r.size = sizeof r;
  r.epoch = 1;
  r.members = members;
  r.deadline_ms = deadline_ms;
  const int fd = ioctl(device, CAIRN_KM_REQUEST, &r);
  const int error = errno;
  close(device);
  errno = error;
  return fd;
}

int join(int fd, unsigned threads) {
  cairn_km_join j{};
  j.size = sizeof j;
  j.threads = threads;
  return ioctl(fd, CAIRN_KM_JOIN, &j) == 0 ? 0 : errno;
}

int enter(int fd) { return ioctl(fd, CAIRN_KM_ENTER) == 0 ? 0 : errno; }

cairn_km_status wait_for(int fd, unsigned timeout_ms, int* error = nullptr) {
  cairn_km_status s{};
  s.size = sizeof s;
  s.timeout_ms = timeout_ms;
  const int result = ioctl(fd, CAIRN_KM_WAIT, &s) == 0 ? 0 : errno;
  if (error != nullptr) *error = result;
  return s;
}

// A member process: joins with `threads` threads that all enter; exits with how the first of them came back.
pid_t member(
    int fd, unsigned threads, const std::function<void()>& before = [] {}) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (join(fd, threads) != 0) _exit(100);
  before();
  std::vector<std::thread> workers;
  std::vector<int> results(threads);
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back([&, i] { results[i] = enter(fd); });
  for (auto& w : workers) w.join();
  for (int r : results) {
    if (r != results[0]) _exit(101);
  }
  _exit(results[0]);
}

int exit_code(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

void all_enter_and_are_released() {
  const int fd = make_request(3, 60000);
  const pid_t a = member(fd, 4), b = member(fd, 1);
  join(fd, 1);
  std::thread own([fd] { enter(fd); });
  const auto status = wait_for(fd, 30000);
  verdict("complete when all threads of all members stand", status.state == CAIRN_KM_COMPLETE && status.threads == 6,
          std::to_string(status.threads));
  ioctl(fd, CAIRN_KM_RELEASE);
  own.join();
  verdict("released members go on", exit_code(a) == 0 && exit_code(b) == 0);
  close(fd);
}

void threads_told_later() {
  const int fd = make_request(1, 60000);
  join(fd, 0);
  std::thread first([fd] { enter(fd); }), second([fd] { enter(fd); });
  int error = 0;
  wait_for(fd, 300, &error);
  verdict("not complete while the number of threads is not known", error == ETIMEDOUT);
  verdict("told once", join(fd, 2) == 0 && join(fd, 2) == EALREADY);
  verdict("complete then", wait_for(fd, 30000).state == CAIRN_KM_COMPLETE);
  ioctl(fd, CAIRN_KM_RELEASE);
  first.join();
  second.join();
  close(fd);
}

void a_member_that_dies() {
  const int fd = make_request(2, 60000);
  int joined[2];
  if (pipe(joined) != 0) return verdict("a pipe", false, std::strerror(errno));
  const pid_t stays = member(fd, 2, [&] { static_cast<void>(write(joined[1], "", 1)); });
  const pid_t dies = member(fd, 2, [&] {
    char byte;
    static_cast<void>(read(joined[0], &byte, 1));  // else the other one may find the request aborted
    kill(getpid(), SIGKILL);
  });
  verdict("a killed member lets the others go", exit_code(dies) == 200 + SIGKILL && exit_code(stays) == ECANCELED);
  const auto status = wait_for(fd, 1000);
  verdict("... and is the stated reason",
          status.state == CAIRN_KM_ABORTED && std::strstr(status.text, "member") != nullptr, status.text);
  close(fd);
}

void a_thread_killed_in_the_barrier() {
  const int fd = make_request(2, 60000);
  const pid_t inside = member(fd, 3);
  const pid_t other = member(fd, 1);
  int error = 0;
  wait_for(fd, 30000, &error);
  kill(inside, SIGKILL);
  verdict("killed while it stands", error == 0 && exit_code(inside) == 200 + SIGKILL);
  verdict("... the other is let go", exit_code(other) == ECANCELED);
  close(fd);
}

void the_deadline() {
  const int fd = make_request(2, 700);
  const pid_t alone = member(fd, 1);
  const auto begin = std::chrono::steady_clock::now();
  verdict("the deadline lets a lone member go", exit_code(alone) == ECANCELED);
  verdict("... in time", std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  verdict("... and joining is refused then", join(fd, 1) == ECANCELED);
  close(fd);
}

void a_stopped_member() {
  const int fd = make_request(2, 1500);
  const pid_t stopped = member(fd, 1, [] { raise(SIGSTOP); });
  const pid_t waiting = member(fd, 1);
  verdict("a member stopped outside holds the others no longer than the deadline", exit_code(waiting) == ECANCELED);
  kill(stopped, SIGCONT);
  verdict("... and finds it aborted when it goes on", exit_code(stopped) == ECANCELED);
  close(fd);
}

void wrong_uses() {
  const int fd = make_request(1, 60000);
  verdict("entering without having joined", enter(fd) == ENOENT);
  verdict("joining", join(fd, 1) == 0 && join(fd, 1) == EALREADY);
  const pid_t late = fork();
  if (late == 0) _exit(join(fd, 1));
  verdict("more members than wanted", exit_code(late) == EUSERS);
  const int theirs = make_request(1, 60000);
  const pid_t stranger = fork();
  if (stranger == 0) {
    if (setuid(65534) != 0) _exit(99);
    _exit(join(theirs, 1));
  }
  verdict("another user may not join", exit_code(stranger) == EPERM);
  close(fd);
  close(theirs);
}

void quota() {
  std::vector<int> fds;
  int error = 0;
  while (fds.size() < 1000) {
    const int fd = make_request(1, 60000);
    if (fd < 0) {
      error = errno;
      break;
    }
    fds.push_back(fd);
  }
  verdict("one user's requests are limited", error == EDQUOT, std::to_string(fds.size()));
  for (int fd : fds) close(fd);
  const int again = make_request(1, 1000);
  verdict("... and given back", again >= 0);
  close(again);
}

}  // namespace

int main() {
  all_enter_and_are_released();
  threads_told_later();
  a_member_that_dies();
  a_thread_killed_in_the_barrier();
  the_deadline();
  a_stopped_member();
  wrong_uses();
  quota();
  std::printf("1..%d\n", number);
  return failures == 0 ? 0 : 1;
}
