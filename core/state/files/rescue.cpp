// SPDX-License-Identifier: Apache-2.0
#include "core/state/files/rescue.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/modes.hpp"
#include "core/base/unique_fd.hpp"
#include "core/base/write_all.hpp"
#include "core/state/files/comparison.hpp"

namespace cairn::state {
namespace {

constexpr int kMostCopies = 100000;
constexpr std::size_t kBuffer = 1 << 20;

// A new file beside `path`.
UniqueFd create_beside(const std::string& path, mode_t mode, std::string& name) {
  for (int i = 1; i < kMostCopies; ++i) {
    name = path + ".after-" + std::to_string(i);
    UniqueFd fd = open_path(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
    if (fd) complete_mode(fd.get(), mode & 0777);
    if (fd) return fd;
    if (errno != EEXIST) break;
  }
  throw EnvironmentError(
      with_errno("what was written to " + path + " after the checkpoint cannot be kept in " + name, errno) +
      " (--grown=discard does not keep it, --grown=keep cuts nothing)");
}

// What is made has the mode that the file had, whatever the umask.
UniqueFd open_or_make(const std::string& path, int flags, mode_t mode) {
  UniqueFd fd = open_path(path, flags | O_CREAT | O_EXCL, mode);
  if (!fd && errno == EEXIST) return open_path(path, flags);
  if (fd) complete_mode(fd.get(), mode);
  return fd;
}

// Everything from `offset` on.
void copy_rest(int from, std::uint64_t offset, int to, const std::string& path, const std::string& name) {
  std::vector<std::uint8_t> buffer(kBuffer);
  for (;;) {
    const ssize_t n = pread(from, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw EnvironmentError(with_errno("cannot read " + path, errno));
    if (n == 0) break;
    write_all(to, buffer.data(), static_cast<std::size_t>(n), name);
    offset += static_cast<std::uint64_t>(n);
  }
  if (fsync(to) != 0) throw EnvironmentError(with_errno("cannot write " + name, errno));
}

// Everything from `offset` on, in a new file: its name.
std::string keep_beside(int fd, mode_t mode, std::uint64_t offset, const std::string& path) {
  std::string name;
  const UniqueFd copy = create_beside(path, mode, name);
  try {
    copy_rest(fd, offset, copy.get(), path, name);
  } catch (...) {
    const Place place(name);
    unlinkat(place.directory(), place.name(), 0);
    throw;
  }
  return name;
}

}  // namespace

std::string cut(const std::string& path, std::uint64_t size, bool keep) {
  const UniqueFd fd = reopen_path_as_owner(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
  struct stat status {};
  // The lock is for other ranks of the same job; where there are no locks the worst is a second copy.
  if (fd) flock(fd.get(), LOCK_EX);
  if (!fd || fstat(fd.get(), &status) != 0)
    throw EnvironmentError(with_errno(path + " cannot be cut to " + std::to_string(size) + " bytes", errno));
  if (static_cast<std::uint64_t>(status.st_size) <= size) return {};
  const std::string name = keep ? keep_beside(fd.get(), status.st_mode, size, path) : path;
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    throw EnvironmentError(with_errno(path + " cannot be cut to " + std::to_string(size) + " bytes", errno));
  return name;
}

std::string put_back(const FileRecord& record, const std::function<bool()>& as_it_was,
                     const std::function<void(int)>& write, bool keep) {
  const std::string& path = record.path;
  const std::string what = path + " cannot be put back as it was";
  const UniqueFd fd = open_or_make(path, O_RDWR | O_CLOEXEC | O_NOCTTY, record.mode & 0777);
  struct stat status {};
  if (fd) flock(fd.get(), LOCK_EX);
  if (!fd || fstat(fd.get(), &status) != 0) throw EnvironmentError(with_errno(what, errno));
  if (as_it_was()) return {};
  const std::string name = keep && status.st_size > 0 ? keep_beside(fd.get(), status.st_mode, 0, path) : path;
  try {
    write(fd.get());
  } catch (const Error& error) {
    throw Error(error.code(), what + ": " + error.what() + (name == path ? "" : "; what was there is in " + name));
  }
  if (ftruncate(fd.get(), static_cast<off_t>(record.size)) != 0 || fsync(fd.get()) != 0)
    throw EnvironmentError(with_errno(what, errno));
  return name;
}

bool make_again(const FileRecord& record, const std::string& path) {
  const std::string what = "cannot make the missing " + path + " again";
  constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOCTTY;
  const UniqueFd fd = open_or_make(path, kFlags, record.mode & 0777);
  struct stat status {};
  if (fd) flock(fd.get(), LOCK_EX);
  if (!fd || fstat(fd.get(), &status) != 0) throw EnvironmentError(with_errno(what, errno));
  const auto there = static_cast<std::size_t>(status.st_size);
  if (there >= record.content.size() || !begins_as_kept(record, path)) return false;
  try {
    pwrite_all(fd.get(), record.content.data() + there, record.content.size() - there, there, path);
  } catch (const Error&) {
    static_cast<void>(!ftruncate(fd.get(), status.st_size));  // the next attempt finds what this one has found
    throw;
  }
  return true;
}

}  // namespace cairn::state
