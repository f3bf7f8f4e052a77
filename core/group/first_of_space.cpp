// SPDX-License-Identifier: Apache-2.0
#include "core/group/first_of_space.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/deadline.hpp"
#include "core/base/process_mark.hpp"

namespace cairn::group {
namespace {

constexpr double kEndSeconds = 5;
constexpr int kLook = 20;  // milliseconds
constexpr int kLow = 3;    // where the socket goes: nothing else is open

[[noreturn]] void fail(int orders, const char* step) {
  const SpaceReport report{SpaceReport::failed, errno, 0, step};
  send(orders, &report, sizeof report, MSG_NOSIGNAL);
  _exit(1);
}

// Its end of what others have open would keep them waiting.
int close_all_but(int orders) {
  if (orders != kLow && dup3(orders, kLow, 0) < 0) fail(orders, "dup");
  for (int fd = 0; fd < kLow; ++fd) close(fd);
  close_range(kLow + 1, ~0U, 0);
  return kLow;
}

void show_own_processes(int orders) {
  // Nothing of it is to be seen in other namespaces.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) fail(orders, "mount --make-rslave /");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) fail(orders, "mount /proc");
}

// Of those that have ended. False once it is alone.
bool reap(pid_t of_whom, int& status) {
  int ended = 0;
  pid_t pid = 0;
  while ((pid = waitpid(-1, &ended, WNOHANG)) > 0) {
    if (pid == of_whom) status = ended;
  }
  return pid == 0;
}

// Who is asked for is ending already: as it wants to, that is. The others are killed, its parent too, so that it is
// ours to wait for. -1: that is not seen.
int end_all(pid_t of_whom) {
  for (const Deadline patience(kEndSeconds); of_whom > 0 && !patience.passed() && !runs_nobody(of_whom);)
    usleep(kLook * 1000);
  int status = -1;
  for (const Deadline patience(kEndSeconds); !patience.passed() && status == -1; usleep(kLook * 1000)) {
    kill(-1, SIGKILL);
    reap(of_whom, status);
    if (of_whom <= 0) break;
  }
  return status;
}

bool wait_for_orphans() {
  int of_nobody = 0;
  return reap(0, of_nobody);
}

}  // namespace

void be_first_of_space(int orders) {
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  signal(SIGCHLD, SIG_DFL);
  orders = close_all_but(orders);
  prctl(PR_SET_NAME, "cairn-init");
  if (chdir("/") != 0) fail(orders, "chdir /");
  show_own_processes(orders);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  const int ends = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (ends < 0) fail(orders, "signalfd");
  const SpaceReport ready{SpaceReport::ready, 0, 0, nullptr};
  send(orders, &ready, sizeof ready, MSG_NOSIGNAL);
  bool left = false;
  for (;;) {
    const bool others = wait_for_orphans();
    if (left && !others) _exit(0);
    pollfd waiting[2] = {{ends, POLLIN, 0}, {left ? -1 : orders, POLLIN, 0}};
    poll(waiting, 2, -1);
    signalfd_siginfo info;
    while (read(ends, &info, sizeof info) > 0) {
    }
    if (waiting[1].revents == 0) continue;
    SpaceOrder order{};
    const ssize_t n = recv(orders, &order, sizeof order, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n != static_cast<ssize_t>(sizeof order)) _exit(0);  // and the kernel ends all others
    if (order.what == SpaceOrder::end) {
      const SpaceReport report{SpaceReport::ended, end_all(order.number), 0, nullptr};
      send(orders, &report, sizeof report, MSG_NOSIGNAL);
    }
    if (order.what != SpaceOrder::leave) continue;
    const SpaceReport report{SpaceReport::left, wait_for_orphans() ? 1 : 0, 0, nullptr};
    send(orders, &report, sizeof report, MSG_NOSIGNAL);
    close(orders);
    left = true;
  }
}

}  // namespace cairn::group
