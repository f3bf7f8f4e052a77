// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/locks.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace cairn::state {
namespace {

[[noreturn]] void refuse(const OpenFile& file, const std::string& which) {
  throw TemporaryError(which + " held on " + shortened(file.path) + at(file) + " cannot be saved yet");
}

// "lock:  1: FLOCK  ADVISORY  WRITE 4711 fe:00:1230139 0 EOF"
struct ShownLock {
  std::string_view type;
  bool exclusive = false;
  std::int64_t start = 0, length = 0;
};

ShownLock read_lock(const OpenFile& file, std::string_view line) {
  const auto words = split_words(line);
  constexpr std::size_t kType = 2, kMode = 4, kStart = 7, kEnd = 8;
  if (words.size() <= kEnd) refuse(file, "lock");
  ShownLock lock{words[kType]};
  if (file.standard >= 0) refuse(file, "lock");  // it is another file after a restart
  if (lock.type != "FLOCK" && lock.type != "OFDLCK" && lock.type != "POSIX") refuse(file, "lease or delegation");
  if (words[kMode] != "READ" && words[kMode] != "WRITE") refuse(file, "lock");
  lock.exclusive = words[kMode] == "WRITE";
  lock.start = static_cast<std::int64_t>(to_number(words[kStart]));
  if (words[kEnd] != "EOF") lock.length = static_cast<std::int64_t>(to_number(words[kEnd])) - lock.start + 1;
  return lock;
}

}  // namespace

FoundLocks locks_of(const OpenFile& file, std::uint32_t description) {
  FoundLocks found;
  for (std::string_view line : split_lines(file.info)) {
    if (!line.starts_with("lock:")) continue;
    const ShownLock lock = read_lock(file, line);
    if (lock.type == "POSIX") {
      found.of_process.push_back({file.fd, lock.exclusive, lock.start, lock.length});
    } else {
      found.of_description.push_back({description, lock.type == "FLOCK", lock.exclusive, lock.start, lock.length});
    }
  }
  return found;
}

bool is_range(std::int64_t start, std::int64_t length) noexcept {
  return start >= 0 && length >= 0 && length <= std::numeric_limits<std::int64_t>::max() - start;
}

struct flock range_of(bool exclusive, std::int64_t start, std::int64_t length) noexcept {
  struct flock range {};
  range.l_type = static_cast<short>(exclusive ? F_WRLCK : F_RDLCK);
  range.l_whence = SEEK_SET;
  range.l_start = start;
  range.l_len = length;
  return range;
}

void check_lock(const HeldLock& lock, std::size_t descriptions) {
  const bool everywhere = lock.start == 0 && lock.length == 0;
  if (lock.description >= descriptions || (lock.whole && !everywhere) || !is_range(lock.start, lock.length))
    throw PermanentError("a lock on a file makes no sense");
}

void take_lock(int fd, const HeldLock& lock, const std::string& path) {
  struct flock range = range_of(lock.exclusive, lock.start, lock.length);
  const int failed =
      lock.whole ? flock(fd, (lock.exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) : fcntl(fd, F_OFD_SETLK, &range);
  if (failed == 0) return;
  const std::string what = "the lock that the program had on " + shortened(path);
  if (errno == EWOULDBLOCK || errno == EACCES) throw EnvironmentError(what + " is held by another process now");
  throw EnvironmentError(with_errno(what + " cannot be taken again", errno));
}

}  // namespace cairn::state
