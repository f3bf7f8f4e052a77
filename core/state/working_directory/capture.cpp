// SPDX-License-Identifier: Apache-2.0
#include "core/state/working_directory/capture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/process_files.hpp"
#include "core/state/working_directory/state.hpp"

namespace cairn::state {
namespace {

constexpr char kOwn[] = "/proc/self/cwd";

// The kernel tells no path that is longer than 4095 bytes; libc goes up from directory to directory.
std::string long_path() {
  const std::unique_ptr<char, decltype(&std::free)> path(getcwd(nullptr, 0), &std::free);
  if (path == nullptr) throw TemporaryError(with_errno("the path of its working directory cannot be found", errno));
  return path.get();
}

// Those above it may be gone as well: from a directory that has been deleted the way up is still open.
std::uint32_t count_deleted() {
  std::uint32_t deleted = 0;
  struct stat status {};
  UniqueFd at(open(kOwn, O_PATH | O_CLOEXEC));
  for (; at && fstat(at.get(), &status) == 0 && status.st_nlink == 0; ++deleted)
    at.reset(openat(at.get(), "..", O_PATH | O_CLOEXEC));
  if (!at) throw TemporaryError(with_errno("its working directory has been deleted, and what was above it", errno));
  return deleted;
}

}  // namespace

// The path must lead to it: for a directory that has been deleted the kernel shows something like a path.
std::string working_directory() {
  std::string path = read_link(kOwn);
  struct stat shown {
  }, own{};
  const bool there = stat(kOwn, &own) == 0;
  if (there && own.st_nlink == 0 && path.starts_with("/")) return without_deleted(path);
  if (!there || own.st_nlink == 0) throw TemporaryError("its working directory has been deleted: " + path);
  if (path.empty()) return long_path();
  if (stat(path.c_str(), &shown) != 0 || shown.st_ino != own.st_ino || shown.st_dev != own.st_dev)
    throw TemporaryError("its working directory is not at its path any more: " + path);
  return portable_path(path, "its working directory " + path);
}

std::vector<std::uint8_t> capture_working_directory(Capture& /*capture*/) {
  struct stat status {};
  if (stat(kOwn, &status) != 0 || status.st_nlink != 0) return {};
  WorkingDirectory state{count_deleted(), status.st_mode & ALLPERMS, status.st_uid, status.st_gid};
  return encode(state);
}

}  // namespace cairn::state
