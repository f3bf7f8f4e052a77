// SPDX-License-Identifier: Apache-2.0
// GroupStart in the process that waits for those that it has made.
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/group/group_common.hpp"

namespace cairn::group {

bool GroupStart::hear(std::size_t i, char wanted, char& heard) const {
  heard = '\0';
  ssize_t n = 0;
  while ((n = read(ours_[i].get(), &heard, 1)) < 0 && errno == EINTR) {
  }
  return n == 1 && (wanted == '\0' || heard == wanted);
}

char GroupStart::wait_started() {
  for (UniqueFd& fd : theirs_) fd.reset();
  char heard = '\0', of_first = '\0';
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (ours_[i] && !hear(i, restart::whole, heard)) return give_up(i);
  }
  for (const UniqueFd& fd : ours_) {
    if (fd) static_cast<void>(!send(fd.get(), &restart::whole, 1, MSG_NOSIGNAL));
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!ours_[i]) continue;
    const bool goes_on = hear(i, '\0', heard);  // or has ended already, which is its own affair
    if (i == 0) of_first = goes_on ? heard : restart::started_plainly;
    if (goes_on && heard == restart::started_with_changes) of_first = heard;
  }
  return of_first;
}

std::optional<std::string> GroupStart::all_whole() const {
  char heard = '\0';
  for (std::size_t i = 1; i < files_.size(); ++i) {
    const context::GroupProcess& process = index_.processes[i];
    if (ours_[i] && !hear(i, restart::whole, heard)) return process.described();
  }
  return std::nullopt;
}

void GroupStart::let_others_go() {
  for (std::size_t i = 1; i < files_.size(); ++i) {
    if (ours_[i]) static_cast<void>(!send(ours_[i].get(), &restart::whole, 1, MSG_NOSIGNAL));
  }
}

// Who are processes of this one's namespace.
void GroupStart::end_all_but(std::size_t failed) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const pid_t pid = common_->numbers[i];
    if (pid > 0 && i != failed) kill(pid, SIGKILL);
  }
  for (UniqueFd& fd : ours_) fd.reset();
  // By the order of the index parents come first: who is waited for is our own child by then. The very first stays.
  for (std::size_t i = 0; i < files_.size(); ++i) {
    siginfo_t ended{};
    const pid_t pid = common_->numbers[i];
    if (pid <= 0) continue;
    while (waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | (i == 0 ? WNOWAIT : 0)) != 0 && errno == EINTR) {
    }
    if (i == failed && i != 0 && ended.si_code == CLD_EXITED) failure_ = ended.si_status;
  }
}

// None of them has gone on. Their hosts would end by themselves when they see that nobody waits for them, with a code
// that says less than that of the one that failed: so they are ended first.
char GroupStart::give_up(std::size_t failed) {
  const pid_t number = common_->numbers[failed];
  if (space_ == nullptr) {
    end_all_but(failed);
  } else if (const auto status = space_->end_all(failed != 0 ? number : 0); status && WIFEXITED(*status)) {
    failure_ = WEXITSTATUS(*status);
  }
  for (UniqueFd& fd : ours_) fd.reset();
  if (load(common_->failed) != 0) throw EnvironmentError(std::string(common_->message));
  return '\0';
}

}  // namespace cairn::group
