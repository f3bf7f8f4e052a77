// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/snapshot_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "core/base/modes.hpp"
#include "core/base/proc.hpp"
#include "core/base/remove_tree.hpp"
#include "core/base/write_all.hpp"

namespace cairn::manifest {
namespace {

constexpr std::size_t kLongest = 4096;  // of a note

bool is_busy(int error) { return error == EWOULDBLOCK || error == EACCES; }

// Of a directory that somebody has removed; the second is how NFS says it.
bool is_gone(int error) { return error == ENOENT || error == ESTALE; }

// Whether that is the name of the open file.
bool has_name(int file, int directory, const char* name) noexcept {
  struct stat mine {
  }, named{};
  return ::fstat(file, &mine) == 0 && ::fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

}  // namespace

std::optional<ProcessMark> owner_of(int directory) {
  const UniqueFd file(::openat(directory, kOwnerFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!file || ::fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) return std::nullopt;
  char text[kLongest];
  const ssize_t n = ::pread(file.get(), text, sizeof text, 0);
  return n > 0 ? ProcessMark::from_lines({text, static_cast<std::size_t>(n)}) : std::nullopt;
}

SnapshotLock::Found SnapshotLock::take(UniqueFd directory) {
  owner_.reset();
  directory_.reset();
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0 && is_busy(errno)) return Found::in_use;
  bool seen_by_all = false;
  UniqueFd owner;
  do {
    owner.reset(::openat(directory.get(), kOwnerFile, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!owner && is_gone(errno)) return Found::removed;
    if (!owner) break;
    complete_mode(owner.get(), 0600);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    seen_by_all = ::fcntl(owner.get(), F_OFD_SETLK, &whole) == 0;
    if (!seen_by_all && is_busy(errno)) return Found::in_use;
    // Whoever had the lock may have removed the file before it was ours.
  } while (!has_name(owner.get(), directory.get(), kOwnerFile));
  const auto before = owner_of(directory.get());
  alone_ = seen_by_all || !before || before->is_gone();
  directory_ = std::move(directory);
  owner_ = std::move(owner);
  return Found::free;
}

void SnapshotLock::note_owner() noexcept {
  if (!owner_ || ::ftruncate(owner_.get(), 0) != 0) return;
  try {
    const std::string lines = ProcessMark::of_self().to_lines();
    pwrite_all(owner_.get(), lines.data(), lines.size(), 0, kOwnerFile);
  } catch (const std::exception&) {  // a note that is cut off is none
  }
}

bool SnapshotLock::is_of(const std::string& path) const noexcept {
  return has_name(directory_.get(), AT_FDCWD, path.c_str());
}

bool SnapshotLock::end(int parent, const std::string& name, bool all) noexcept {
  try {
    bool empty = true;
    for (const std::string& entry : directory_entries("/proc/self/fd/" + std::to_string(directory_.get())))
      empty = (entry == kOwnerFile || (all && remove_tree(directory_.get(), entry))) && empty;
    if (!empty) return false;
  } catch (const std::exception&) {  // no memory
    return false;
  }
  // Over NFS a file that is open stays in its directory under another name, and so does the directory.
  ::unlinkat(directory_.get(), kOwnerFile, 0);
  owner_.reset();
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
  directory_.reset();
  return true;
}

}  // namespace cairn::manifest
