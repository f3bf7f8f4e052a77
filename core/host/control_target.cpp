// SPDX-License-Identifier: Apache-2.0
#include "core/host/control_target.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace cairn::host {
namespace {

constexpr int kMostBackups = 100000;

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
  return std::string(field, strnlen(field, N));
}

void check_name(const std::string& name, const char* what) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos || name.size() > 200)
    throw ArgumentError(std::string(what) + " '" + name + "' is not a plain file name");
}

}  // namespace

ControlTarget::ControlTarget(const cairn_control_request& request, UniqueFd descriptor)
    : descriptor_(std::move(descriptor)),
      to_file_((request.flags & CAIRN_CONTROL_TO_FD) != 0),
      existing_(request.existing),
      name_(text_of(request.name)),
      backup_(text_of(request.backup)) {
  if (!descriptor_) throw ArgumentError("the request came without a descriptor");
  if (to_file_) return;
  check_name(name_, "the context file's name");
  if (!backup_.empty()) check_name(backup_, "the backup's name");
  struct stat status {};
  if (fstat(descriptor_.get(), &status) != 0 || !S_ISDIR(status.st_mode))
    throw ArgumentError("the place for the context file is not a directory");
  if (existing_ == CAIRN_CONTROL_NOCLOBBER && exists(name_))
    throw EnvironmentError(name_ + " exists already (--noclobber)");
  check_replaceable();
  if (existing_ == CAIRN_CONTROL_CLOBBER && exists(name_) && unlinkat(descriptor_.get(), name_.c_str(), 0) != 0)
    throw EnvironmentError(with_errno("cannot remove the old " + name_, errno));
  temporary_ = "." + name_ + ".unfinished-" + std::to_string(getpid());
  unlinkat(descriptor_.get(), temporary_.c_str(), 0);  // of a predecessor with the same number
}

ControlTarget::~ControlTarget() {
  if (!to_file_ && !committed_ && !temporary_.empty()) unlinkat(descriptor_.get(), temporary_.c_str(), 0);
}

int ControlTarget::fd() const noexcept { return to_file_ ? descriptor_.get() : -1; }

std::string ControlTarget::path() const {
  return to_file_ ? "" : "/proc/self/fd/" + std::to_string(descriptor_.get()) + "/" + temporary_;
}

bool ControlTarget::exists(const std::string& name) const noexcept {
  struct stat status {};
  return fstatat(descriptor_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// A file, that is; a symbolic link only if that is what the asker wants to lose or to keep under another name.
void ControlTarget::check_replaceable() const {
  struct stat status {};
  if (fstatat(descriptor_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(status.st_mode)) return;
  const bool link = S_ISLNK(status.st_mode);
  if (link && (existing_ == CAIRN_CONTROL_CLOBBER || existing_ == CAIRN_CONTROL_BACKUP)) return;
  throw EnvironmentError(name_ +
                         (link ? " is a symbolic link, which is neither followed nor replaced (--clobber removes "
                                 "it, --backup renames it)"
                               : " is no regular file, and is not replaced"));
}

std::string ControlTarget::free_backup_name() const {
  for (int i = 1; i < kMostBackups; ++i) {
    std::string name = name_ + ".~" + std::to_string(i) + "~";
    if (!exists(name)) return name;
  }
  throw EnvironmentError("too many backups of " + name_);
}

void ControlTarget::commit() {
  if (to_file_) return;
  check_replaceable();
  if (existing_ == CAIRN_CONTROL_BACKUP && exists(name_)) {
    const std::string backup = backup_.empty() ? free_backup_name() : backup_;
    if (renameat(descriptor_.get(), name_.c_str(), descriptor_.get(), backup.c_str()) != 0)
      throw EnvironmentError(with_errno("cannot rename " + name_ + " to " + backup, errno));
  }
  const unsigned flags = existing_ == CAIRN_CONTROL_NOCLOBBER ? RENAME_NOREPLACE : 0;
  if (renameat2(descriptor_.get(), temporary_.c_str(), descriptor_.get(), name_.c_str(), flags) != 0)
    throw EnvironmentError(with_errno("cannot give the context file its name " + name_, errno));
  committed_ = true;
}

}  // namespace cairn::host
