// SPDX-License-Identifier: Apache-2.0
#include "core/engine/child.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/context/output.hpp"
#include "core/engine/features.hpp"

namespace cairn::engine {

namespace {

// All signals, while a thread that looks like the program's own is copied: the child must never run a handler.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t old_;
};

}  // namespace

int WritingChild::start(ChildTask task, std::vector<int> keep, int fd_base) {
  kill();
  shared_bytes_ = sizeof(ChildShared) + task.plans.size();
  void* memory = mmap(nullptr, shared_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw EnvironmentError(with_errno("cannot share memory with a writing process", errno));
  shared_ = new (memory) ChildShared;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError(with_errno("cannot make a pipe", errno));
  UniqueFd reading(ends[0]), writing(ends[1]);
  alive_ = context::move_high(std::move(reading), fd_base);
  writing = context::move_high(std::move(writing), fd_base);
  keep.push_back(writing.get());
  if (task.kernel != nullptr) keep.push_back(task.kernel->device());
  keep.push_back(task.huge->descriptor());
  std::sort(keep.begin(), keep.end());
  PageScanner scanner(features().pagemap_scan, fd_base);
  writers_ = task.writers = std::clamp(task.writers, 1u, ChildShared::kMaxWriters);
  task.scanner = &scanner;
  task.shared = shared_;
  task.keep = keep;
  task.parent = getpid();
  const AllSignalsBlocked blocked;
  pid_ = clone_process();
  if (pid_ == 0) child_main(task);
  if (pid_ < 0) return errno;
  pid_fd_ = context::move_high(UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0))), fd_base);
  return 0;
}

void WritingChild::reap() noexcept {
  long got;
  do {
    got = syscall(SYS_wait4, pid_, &status_, __WALL, nullptr);
  } while (got < 0 && errno == EINTR);
  // A program that waits for any child with __WALL may have been faster: then only the report counts.
  if (got != pid_) status_ = 0;
  pid_ = -1;
  pid_fd_.reset();
  alive_.reset();
}

ChildReport WritingChild::wait(double seconds, const std::string& file) {
  const Deadline end(seconds);
  while (pid_ > 0) {
    pollfd hangup{alive_.get(), POLLIN, 0};
    const int n = poll(&hangup, 1, end.milliseconds());
    if (n > 0) {
      reap();
    } else if (n == 0 && end.passed()) {
      throw TemporaryError(file + ": the file was not written within " + std::to_string(seconds) + " s");
    }
  }
  return sum_up(file);
}

ChildReport WritingChild::sum_up(const std::string& file) const {
  ChildReport sum;
  for (unsigned i = 0; i < writers_; ++i) {
    const ChildReport& report = shared_->reports[i];
    if (report.error.number != 0) {
      throw EnvironmentError(with_errno(
          file + ": " + report.error.doing + " failed at " + std::to_string(report.error.where), report.error.number));
    }
    sum.pages_seen += report.pages_seen;
    sum.statistics.pages += report.statistics.pages;
    sum.statistics.bytes += report.statistics.bytes;
    sum.statistics.chunks += report.statistics.chunks;
    sum.statistics.runs += report.statistics.runs;
  }
  const bool all =
      std::all_of(shared_->reports, shared_->reports + writers_, [](const auto& r) { return r.done != 0; });
  if (all) return sum;
  const std::string how = WIFSIGNALED(status_) ? "was killed by signal " + std::to_string(WTERMSIG(status_)) +
                                                     (WTERMSIG(status_) == SIGKILL ? " (out of memory?)" : "")
                                               : "or one of its helpers ended too early (out of memory?)";
  throw EnvironmentError(file + ": the process that was writing it " + how);
}

void WritingChild::kill() noexcept {
  if (pid_ > 0) {
    const bool sent = pid_fd_ && syscall(SYS_pidfd_send_signal, pid_fd_.get(), SIGKILL, nullptr, 0) == 0;
    if (!sent && !pid_fd_) ::kill(pid_, SIGKILL);  // before Linux 5.3
    reap();
  }
  if (shared_ != nullptr) munmap(shared_, shared_bytes_);
  shared_ = nullptr;
  alive_.reset();
}

}  // namespace cairn::engine
