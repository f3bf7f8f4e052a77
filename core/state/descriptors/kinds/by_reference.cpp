// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/kinds/by_reference.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace cairn::state {
namespace {

// What open() does to a file must not be done again.
constexpr int kOnlyOnce = O_CREAT | O_EXCL | O_TRUNC;

int flags_to_reopen(int flags) {
  flags &= ~kOnlyOnce;
  return (flags & O_TMPFILE) == O_TMPFILE ? flags & ~O_TMPFILE : flags;  // it has a path now
}

std::string named(const Description& description) {
  return "file " + description.path + ", which the program had open";
}

// It has a path, at which nothing is.
bool is_secret(const OpenFile& file) {
  struct statfs system {};
  return file.path.starts_with("/secretmem") && fstatfs(file.fd, &system) == 0 && system.f_type == SECRETMEM_MAGIC;
}

}  // namespace

ReferenceDetail describe_reference(const OpenFile& file) {
  return {file.offset, file.status.st_dev, file.status.st_ino, static_cast<std::uint64_t>(file.status.st_size)};
}

bool is_at_its_path(const OpenFile& file) {
  struct stat now {};
  return stat_path(file.path, now, (file.flags & O_PATH) != 0 ? AT_SYMLINK_NOFOLLOW : 0) &&
         now.st_ino == file.status.st_ino && now.st_dev == file.status.st_dev;
}

void check_reference(const OpenFile& file) {
  if (is_secret(file)) throw PermanentError("secret memory (memfd_secret)" + at(file) + " cannot be saved");
  if (file.status.st_nlink == 0 && file.path.starts_with("/memfd:"))
    throw TemporaryError("memfd " + file.path.substr(7) + at(file) + " cannot be saved yet");
  if (file.status.st_nlink == 0)
    throw TemporaryError("deleted file " + shortened(file.path) + at(file) + " cannot be saved yet");
  if (!is_at_its_path(file))
    throw TemporaryError("file" + at(file) + " is not at its path any more: " + shortened(file.path));
}

// A FIFO in the place of something else is not to be waited at.
UniqueFd reopen_path(const Description& description, bool (*fits)(const Description&, const struct stat&)) {
  struct stat before {};
  if (stat_path(description.path, before, (description.flags & O_PATH) != 0 ? AT_SYMLINK_NOFOLLOW : 0) &&
      !fits(description, before))
    throw EnvironmentError(named(description) + ", is of another kind now");
  UniqueFd fd = reopen_path_as_owner(description.path,
                                     flags_to_reopen(static_cast<int>(description.flags)) | O_CLOEXEC | O_NOCTTY);
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) throw EnvironmentError(with_errno(named(description), errno));
  if (!fits(description, status)) throw EnvironmentError(named(description) + ", is of another kind now");
  return fd;
}

UniqueFd reopen_reference(const Description& description, bool (*fits)(const Description&, const struct stat&)) {
  UniqueFd fd = reopen_path(description, fits);
  if ((description.flags & O_PATH) == 0 &&
      lseek(fd.get(), detail_of<ReferenceDetail>(description).offset, SEEK_SET) < 0)
    throw EnvironmentError(with_errno(named(description) + ", cannot be positioned", errno));
  return fd;
}

}  // namespace cairn::state
