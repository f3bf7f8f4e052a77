// SPDX-License-Identifier: Apache-2.0
#include "core/group/process_space.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "core/base/capability_sets.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/numbered_fork.hpp"
#include "core/base/proc.hpp"
#include "core/group/first_of_space.hpp"

namespace cairn::group {
namespace {

constexpr double kPatience = 20;  // seconds, for each answer of our own processes
constexpr useconds_t kLook = 2000;
constexpr std::uint64_t kLentRights = 1ULL << CAP_CHECKPOINT_RESTORE;

// Of its packets; `what` is `failed`, with errno, if there is none.
SpaceReport hear(int socket) {
  SpaceReport report{SpaceReport::failed, ETIMEDOUT, 0, "no answer"};
  const Deadline patience(kPatience);
  for (;;) {
    pollfd ready{socket, POLLIN, 0};
    if (const int n = poll(&ready, 1, patience.milliseconds()); n < 0 && errno == EINTR) continue;
    if ((ready.revents & (POLLIN | POLLHUP)) == 0) return report;
    SpaceReport heard{};
    const ssize_t n = recv(socket, &heard, sizeof heard, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n == static_cast<ssize_t>(sizeof heard)) return heard;
    report.number = ECHILD;  // it has ended
    return report;
  }
}

// Is it another process's, or ours and has ended? Then it has been waited for.
bool is_collected(pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; }

// Waits for it, but not for ever: it may be unable to end.
void collect(pid_t pid) {
  for (const Deadline patience(kPatience); !patience.passed() && !is_collected(pid);) usleep(kLook);
}

// --- in the process that makes it ---

[[noreturn]] void give_up(int socket, const char* step) {
  const SpaceReport report{SpaceReport::failed, errno, 0, step};
  send(socket, &report, sizeof report, MSG_NOSIGNAL);
  _exit(1);
}

// He is the same inside, and nobody else is known there.
void map_user(int socket, uid_t user, gid_t group) {
  const std::string u = std::to_string(user), g = std::to_string(group);
  if (!write_file("/proc/self/setgroups", "deny")) give_up(socket, "/proc/self/setgroups");
  if (!write_file("/proc/self/uid_map", u + " " + u + " 1\n")) give_up(socket, "/proc/self/uid_map");
  if (!write_file("/proc/self/gid_map", g + " " + g + " 1\n")) give_up(socket, "/proc/self/gid_map");
}

[[noreturn]] void make_space(int socket) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  bool own_users = false;
  if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0) give_up(socket, "unshare");
    own_users = true;
    map_user(socket, user, group);
  }
  const pid_t first = fork_beside(0);
  if (first == 0) be_first_of_space(socket);
  if (first < 0) give_up(socket, "clone3");
  const SpaceReport report{SpaceReport::made, first, own_users ? 1 : 0, nullptr};
  send(socket, &report, sizeof report, MSG_NOSIGNAL);
  _exit(0);
}

}  // namespace

ProcessSpace::ProcessSpace() {
  try {
    start();
  } catch (...) {
    orders_.reset();
    wait_for_end();
    throw;
  }
}

ProcessSpace::~ProcessSpace() {
  orders_.reset();
  wait_for_end();
}

// Its parts report in any order.
void ProcessSpace::start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw EnvironmentError(with_errno("socketpair", errno));
  orders_.reset(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t maker = fork();
  if (maker < 0) throw EnvironmentError(with_errno("fork", errno));
  if (maker == 0) {
    orders_.reset();
    make_space(theirs.get());
  }
  theirs.reset();
  std::optional<SpaceReport> failure;
  for (bool ready = false; !failure && (!ready || first_pid_ < 0);) {
    const SpaceReport report = hear(orders_.get());
    if (report.what == SpaceReport::made) {
      first_pid_ = report.number;
      own_users_ = report.own_users != 0;
    }
    ready = ready || report.what == SpaceReport::ready;
    if (report.what == SpaceReport::failed) failure = report;
  }
  collect(maker);
  if (failure) {
    throw EnvironmentError(
        with_errno(std::string("no process namespace can be made here (") + failure->step + ")", failure->number));
  }
  first_.reset(static_cast<int>(syscall(SYS_pidfd_open, first_pid_, 0)));
  struct stat status {};
  if (!first_ || stat(("/proc/" + std::to_string(first_pid_) + "/ns/pid").c_str(), &status) != 0)
    throw EnvironmentError(with_errno("the process namespace cannot be used", errno));
  number_ = status.st_ino;
}

// The mounts of another namespace begin at its root.
void ProcessSpace::enter() const {
  char directory[PATH_MAX];
  const bool known = getcwd(directory, sizeof directory) != nullptr;
  const UniqueFd here(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (setns(first_.get(), CLONE_NEWPID | CLONE_NEWNS | (own_users_ ? CLONE_NEWUSER : 0)) != 0) return;
  if ((!known || chdir(directory) != 0) && here) static_cast<void>(!fchdir(here.get()));
  errno = 0;
}

pid_t ProcessSpace::fork_inside(pid_t number) {
  struct {
    pid_t pid;
    int error;
  } report{-1, ECHILD};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  UniqueFd ours(ends[0]), theirs(ends[1]);
  const pid_t between = fork();
  if (between < 0) return -1;
  if (between == 0) {
    errno = 0;
    enter();
    if (errno == 0) report.pid = fork_beside(number);
    if (report.pid == 0) {
      orders_.reset();  // its process 1 is to notice when we end
      return 0;
    }
    report.error = errno;
    static_cast<void>(!write(theirs.get(), &report, sizeof report));
    _exit(0);
  }
  theirs.reset();
  while (read(ours.get(), &report, sizeof report) < 0 && errno == EINTR) {
  }
  collect(between);
  if (report.pid > 0) children_[number] = report.pid;
  errno = report.error;
  return report.pid;
}

std::uint64_t ProcessSpace::lent() const noexcept { return own_users_ && geteuid() != 0 ? kLentRights : 0; }

void ProcessSpace::lend_rights() const noexcept {
  if (lent() == 0) return;
  CapabilitySets sets;
  if (!sets.read()) return;
  sets.add_inheritable(lent());
  sets.put_in_force();
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHECKPOINT_RESTORE, 0, 0);
}

void ProcessSpace::drop_rights() const noexcept {
  if (!own_users_ || geteuid() == 0) return;
  CapabilitySets().put_in_force();
}

// It is ending already, and stays to be waited for.
std::optional<int> ProcessSpace::end_of_child(pid_t number) const noexcept {
  const auto child = children_.find(number);
  if (child == children_.end()) return std::nullopt;
  siginfo_t ended{};
  for (const Deadline patience(kPatience); ended.si_pid == 0 && !patience.passed(); usleep(kLook))
    waitid(P_PID, static_cast<id_t>(child->second), &ended, WEXITED | WNOHANG | WNOWAIT);
  if (ended.si_pid == 0) return std::nullopt;
  return ended.si_code == CLD_EXITED ? W_EXITCODE(ended.si_status, 0) : W_EXITCODE(0, ended.si_status);
}

std::optional<int> ProcessSpace::end_all(pid_t of_whom) noexcept {
  const std::optional<int> own = end_of_child(of_whom);
  const SpaceOrder order{SpaceOrder::end, own ? 0 : of_whom};
  if (send(orders_.get(), &order, sizeof order, MSG_NOSIGNAL) < 0) return own;
  const SpaceReport report = hear(orders_.get());
  if (own) return own;
  if (report.what != SpaceReport::ended || report.number < 0) return std::nullopt;
  return report.number;
}

// If nobody else is there it ends now.
void ProcessSpace::leave() noexcept {
  const SpaceOrder order{SpaceOrder::leave, 0};
  send(orders_.get(), &order, sizeof order, MSG_NOSIGNAL);
  const SpaceReport report = hear(orders_.get());
  orders_.reset();
  if (report.what != SpaceReport::left || report.number == 0) collect(first_pid_);
  first_pid_ = -1;
  children_.clear();
}

// The kernel lets process 1 end when everybody else has, and been waited for.
void ProcessSpace::wait_for_end() noexcept {
  if (first_pid_ < 0) return;
  for (const Deadline patience(kPatience); !patience.passed(); usleep(kLook)) {
    std::erase_if(children_, [](const auto& child) { return is_collected(child.second); });
    if (is_collected(first_pid_)) break;
  }
  first_pid_ = -1;
}

}  // namespace cairn::group
