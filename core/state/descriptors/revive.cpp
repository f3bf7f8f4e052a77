// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/revive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/capture.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

// What open() does to a file must not be done again.
constexpr int kOnlyOnce = O_CREAT | O_EXCL | O_TRUNC;
constexpr int kSettable = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

bool is_open(int fd) { return !is_error(raw_syscall(SYS_fcntl, fd, F_GETFD)); }

bool kind_fits(const Description& description, const struct stat& status) {
  switch (description.kind) {
    case FileKind::regular:
      return S_ISREG(status.st_mode);
    case FileKind::directory:
      return S_ISDIR(status.st_mode);
    case FileKind::device:
      return S_ISCHR(status.st_mode) && status.st_rdev == description.special_device;
    case FileKind::standard:
      return true;
  }
  return false;
}

}  // namespace

Files::Files(const Image& image) : image_(image) {
  for (const Description& description : image.files.descriptions) opened_.push_back(open_description(description));
}

UniqueFd Files::open_description(const Description& description) {
  UniqueFd fd;
  if (description.standard >= 0 && is_open(description.standard)) {
    fd.reset(dup(description.standard));  // a copy, since its number may be taken while the others are made
    if (!fd) throw EnvironmentError(with_errno("descriptor " + std::to_string(description.standard), errno));
    return fd;
  }
  // A terminal, pipe or socket whose place in the new process is empty.
  const bool lost = description.kind == FileKind::standard;
  const std::string path = lost ? "/dev/null" : description.path;
  const int flags = static_cast<int>(description.flags) & ~kOnlyOnce;
  fd.reset(open(path.c_str(), (lost ? O_RDWR : flags) | O_CLOEXEC | O_NOCTTY));
  const std::string what = image_.reader.name() + ": file " + path + ", which the program had open";
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) throw EnvironmentError(with_errno(what, errno));
  if (!kind_fits(description, status)) throw EnvironmentError(what + ", is of another kind now");
  if (lost || (flags & O_PATH) != 0) return fd;
  if (description.kind != FileKind::device && lseek(fd.get(), description.offset, SEEK_SET) < 0)
    throw EnvironmentError(with_errno(what + ", cannot be positioned", errno));
  raw_syscall(SYS_fcntl, fd.get(), F_SETFL, flags & kSettable);
  if (description.signal != 0) raw_syscall(SYS_fcntl, fd.get(), F_SETSIG, description.signal);
  // Only the process itself can still be named; whoever else was the owner is gone.
  if (description.owner == image_.process.pid) raw_syscall(SYS_fcntl, fd.get(), F_SETOWN, getpid());
  return fd;
}

void Files::place(const Descriptor& descriptor) {
  const long result = raw_syscall(SYS_dup3, opened_[descriptor.description].get(), descriptor.number,
                                  descriptor.close_on_exec ? O_CLOEXEC : 0);
  if (is_error(result)) {
    throw EnvironmentError(
        with_errno("cannot make descriptor " + std::to_string(descriptor.number), static_cast<int>(-result)));
  }
}

void Files::restore() {
  const auto& descriptors = image_.files.descriptors;
  note_standard_files();
  for (const Descriptor& descriptor : descriptors) {
    if (host::is_host_fd(descriptor.number)) {
      throw EnvironmentError(image_.reader.name() + ": the program's descriptor " + std::to_string(descriptor.number) +
                             " is in use by the host; raise the limit of open files (ulimit -n)");
    }
  }
  for (const Descriptor& descriptor : descriptors) place(descriptor);
  for (int fd : host::guest_fds()) {
    const bool wanted =
        std::any_of(descriptors.begin(), descriptors.end(), [fd](const Descriptor& d) { return d.number == fd; });
    if (!wanted) raw_syscall(SYS_close, fd);
  }
  opened_.clear();
}

}  // namespace cairn::state
