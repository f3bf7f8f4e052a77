// SPDX-License-Identifier: Apache-2.0
// The host's descriptors live at or above fd_base(), so that the guest's first free descriptor does not depend on
// the transport, and every number below its limit is its own; they are known by number.
#include "core/host/descriptors.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/host.hpp"
#include "core/host/low_descriptors.hpp"
#include "core/state/descriptors/host_at_rest.hpp"

namespace cairn::host {
namespace {

constexpr int kTracked = 1 << 20;
constexpr rlim_t kMostOfHost = 1024;
std::atomic<std::uint64_t> owned[kTracked / 64];
constexpr int kForPrograms = 64;
std::atomic<int> for_programs[kForPrograms];  // a number and one, or 0
std::atomic<int> noted_by;                    // the process in which they were made
std::atomic<int> highest{-1};                 // none of the host's was above it
std::uint64_t of_program[kTracked / 64];      // of the program that is being restarted
thread_local int any_number __attribute__((tls_model("initial-exec"))) = 0;
thread_local int low_numbers __attribute__((tls_model("initial-exec"))) = 0;
int base = 0;

void mark(int fd, bool mine) noexcept {
  if (fd < 0 || fd >= kTracked) return;
  const std::uint64_t bit = 1UL << (fd % 64);
  if (mine) {
    for (int seen = highest; seen < fd && !highest.compare_exchange_weak(seen, fd);) {
    }
    owned[fd / 64].fetch_or(bit);
  } else {
    owned[fd / 64].fetch_and(~bit);
  }
}

bool is_of_program(long fd) noexcept { return fd < kTracked && (of_program[fd / 64] >> (fd % 64) & 1) != 0; }

// A copy at the lowest number from there on that is free, and is not to be the program's.
long copy_from(int fd, long least) noexcept {
  for (;;) {
    const long copy = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least);
    if (is_error(copy) || !is_of_program(copy)) return copy;
    raw_syscall(SYS_close, copy);
    for (least = copy; is_of_program(least);) ++least;
  }
}

}  // namespace

// A fork copies the table of descriptors as far as there are any, so they are not too high either.
void choose_fd_base(std::span<const int> numbers_of_program) {
  constexpr rlim_t kLeast = 128, kUsual = 4096, kHighest = 16384;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t hard = std::min<rlim_t>(limit.rlim_max, kTracked), soft = std::min(limit.rlim_cur, hard);
  if (hard < kLeast) throw EnvironmentError("the hard limit of open files (ulimit -Hn) is below 128: raise it");
  const rlim_t of_host = std::clamp<rlim_t>(hard / 4, 32, kMostOfHost);
  base = static_cast<int>(std::min({std::max(soft, kUsual), hard - of_host, kHighest}));
  for (const int number : numbers_of_program) {
    if (number < 0 || number >= kTracked) continue;
    of_program[number / 64] |= 1UL << (number % 64);
    if (number >= base && static_cast<rlim_t>(number) + 1 + of_host <= hard) base = number + 1;
  }
}

AnyNumber::AnyNumber() noexcept { ++any_number; }
AnyNumber::~AnyNumber() { --any_number; }
LowNumbers::LowNumbers() noexcept { ++low_numbers; }
LowNumbers::~LowNumbers() { --low_numbers; }

RaisedLimit::RaisedLimit() noexcept {
  if (base == 0 || is_error(raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, address(&before_)))) return;
  if (before_.rlim_cur >= before_.rlim_max || before_.rlim_cur >= static_cast<rlim_t>(base) + kMostOfHost) return;
  const rlimit all{before_.rlim_max, before_.rlim_max};
  raised_ = !is_error(raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, address(&all), 0));
}

RaisedLimit::~RaisedLimit() {
  if (raised_) raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, address(&before_), 0);
}

void take_over_fd_base(int fd_base) noexcept { base = fd_base; }

int fd_base() noexcept { return base; }

bool is_host_fd(int fd) noexcept {
  return fd >= base && fd >= 0 && fd < kTracked &&
         (owned[fd / 64].load(std::memory_order_relaxed) >> (fd % 64) & 1) != 0;
}

long moved_up(long result) noexcept {
  if (is_error(result) || base == 0) return result;
  const int low = static_cast<int>(result);
  const bool stays = low >= base || (low_numbers > 0 && low > STDERR_FILENO);
  if (stays && !is_of_program(low)) {
    raw_syscall(SYS_fcntl, low, F_SETFD, FD_CLOEXEC);
    mark(low, true);
    return low;
  }
  const long high = copied_up(low, base);
  raw_syscall(SYS_close, low);
  return high;
}

long copied_up(int fd, long least) noexcept {
  const long lowest = low_numbers > 0 ? STDERR_FILENO + 1 : base;
  long copy = copy_from(fd, std::max(least, lowest));
  if ((copy == -EMFILE || copy == -EINVAL) && any_number > 0) copy = copy_from(fd, STDERR_FILENO + 1);
  if (!is_error(copy)) mark(static_cast<int>(copy), true);
  return copy == -EINVAL ? -EMFILE : copy;
}

void forget_descriptor(int fd) noexcept {
  mark(fd, false);
  for (std::atomic<int>& noted : for_programs) {
    int one = fd + 1;
    noted.compare_exchange_strong(one, 0);
  }
}

void note_for_program(int fd) noexcept {
  noted_by = getpid();
  for (std::atomic<int>& noted : for_programs) {
    int none = 0;
    if (noted.compare_exchange_strong(none, fd + 1)) return;
  }
}

// This process itself, and a copy that the guest has made, may execute another host.
void hand_to_program() noexcept {
  const int own = getpid(), noting = noted_by;
  if (noting == 0 || noting == own || CAIRN_TABLE->copy == own) return;
  for (const std::atomic<int>& noted : for_programs)
    if (noted != 0) raw_syscall(SYS_fcntl, noted - 1, F_SETFD, 0);
}

int next_host_fd(int from) noexcept {
  const int last = highest.load();
  for (int fd = std::max(from, base); fd <= last; ++fd) {
    const std::uint64_t rest = owned[fd / 64].load(std::memory_order_relaxed) >> (fd % 64);
    if (rest != 0) return fd + std::countr_zero(rest);
    fd |= 63;
  }
  return INT_MAX;
}

void with_descriptors_at_rest(const std::function<void()>& work) {
  const NoLowDescriptors none_of_libc;
  const DescriptorTurn turn;
  work();
}

std::vector<int> guest_fds() {
  std::vector<int> result;
  const NoLowDescriptors none_of_libc;
  const DescriptorTurn turn;
  const int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) throw EnvironmentError(with_errno("/proc/self/fd", errno));
  alignas(dirent64) char buffer[8192];
  for (;;) {
    const long n = raw_syscall(SYS_getdents64, directory, reinterpret_cast<long>(buffer), sizeof buffer);
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      const int fd = std::atoi(entry->d_name);
      if (!is_host_fd(fd)) result.push_back(fd);
    }
  }
  close(directory);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace cairn::host
