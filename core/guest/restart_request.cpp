// SPDX-License-Identifier: Apache-2.0
#include "core/guest/restart_request.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/abi/restart_options.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/request_calls.hpp"
#include "core/guest/restart_start.hpp"
#include "core/guest/time_limit.hpp"
#include "core/guest/turn.hpp"

namespace cairn::guest {
namespace {

constexpr int kAboveStandard = 3;

// What the command is handed must not be in the place of its standard files.
int moved_above_standard(int fd) {
  if (fd < 0 || fd >= kAboveStandard) return fd;
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, kAboveStandard);
  const int error = errno;
  close(fd);
  errno = error;
  return moved;
}

// Or -errno.
int open_process(pid_t pid) {
  const Turn turn(Turn::kMakes);
  const long fd = raw_syscall(SYS_pidfd_open, pid, 0);
  return static_cast<int>(fd);
}

void close_if_open(int fd) {
  if (fd >= 0) close(fd);
}

}  // namespace

RestartRequest* RestartRequest::make() {
  auto* request = static_cast<RestartRequest*>(calloc(1, sizeof(RestartRequest)));
  if (request != nullptr) request->started_ = request->messages_ = request->process_ = -1;
  return request;
}

void RestartRequest::destroy(RestartRequest* request) {
  close_if_open(request->started_);
  close_if_open(request->messages_);
  close_if_open(request->process_);
  free(request);
}

int RestartRequest::open_ends(int& theirs) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
  started_ = ends[0];
  theirs = moved_above_standard(ends[1]);
  if (theirs < 0) return errno;
  messages_ = moved_above_standard(memfd_create("cr_restart", MFD_CLOEXEC));
  return messages_ < 0 ? errno : 0;
}

int RestartRequest::start(const cr_restart_args_t& args) {
  int theirs = -1;
  int error = open_ends(theirs);
  if (error == 0) {
    pid_ = start_restart({args, theirs, messages_});
    if (pid_ < 0) error = -pid_;
  }
  close_if_open(theirs);
  if (error != 0) return error;
  process_ = open_process(pid_);
  if (process_ == -ESRCH && !hear()) conclude_as('\0');
  return 0;
}

void RestartRequest::conclude_as(char heard) {
  heard_ = heard;
  over_ = true;
}

// What the process, or the command on its behalf, has said by now. Whoever reads it has it known before another thread
// finds that there is no more.
bool RestartRequest::hear() {
  while (__atomic_exchange_n(&reading_, 1u, __ATOMIC_ACQUIRE) != 0) raw_syscall(SYS_sched_yield);
  char heard = '\0';
  ssize_t n = 0;
  while (!over_ && (n = read(started_, &heard, 1)) < 0 && errno == EINTR) {
  }
  if (!over_ && (n >= 0 || errno != EAGAIN)) conclude_as(n == 1 ? heard : '\0');
  const bool over = over_;
  forget_readers();
  return over;
}

bool RestartRequest::goes_on() const {
  return heard_ == restart::started_plainly || heard_ == restart::started_with_changes;
}

// The pipe's other end may have been inherited by another child: the process's end is seen as well.
int RestartRequest::look(const timespec* limit) {
  while (!hear()) {
    pollfd ready[2] = {{started_, POLLIN, 0}, {process_, POLLIN, 0}};
    const int n = ppoll(ready, 2, limit, nullptr);
    if (n <= 0) return n;
    if (ready[1].revents != 0 && !hear()) conclude_as('\0');
  }
  return 1;
}

int RestartRequest::wait(timeval* limit) {
  const TimeLimit bound(limit);
  return bound.ended(look(bound.value()));
}

bool RestartRequest::done() {
  constexpr timespec kAtOnce{0, 0};
  return look(&kAtOnce) > 0;
}

int RestartRequest::conclude() {
  if (goes_on()) return 0;
  constexpr long kByNumber = P_PID, kByDescriptor = 3;  // P_PIDFD
  const long by = process_ >= 0 ? kByDescriptor : kByNumber, whom = process_ >= 0 ? process_ : pid_;
  while (raw_syscall(SYS_waitid, by, whom, 0, WEXITED, 0) == -EINTR) {
  }
  return heard_ != '\0' ? failure_of(heard_) : CR_ERSTRTABRT;
}

std::size_t RestartRequest::text_size() const {
  struct stat status;
  return fstat(messages_, &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

std::size_t RestartRequest::read_text(char* to, std::size_t size) const {
  const ssize_t n = pread(messages_, to, size, 0);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace cairn::guest
