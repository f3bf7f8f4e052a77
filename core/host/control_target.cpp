// SPDX-License-Identifier: Apache-2.0
#include "core/host/control_target.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/proc.hpp"
#include "core/base/remove_tree.hpp"
#include "core/base/text.hpp"
#include "core/context/group_index.hpp"
#include "core/host/leftovers.hpp"

namespace cairn::host {
namespace {

constexpr int kMostBackups = 100000;

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
  return std::string(field, strnlen(field, N));
}

void check_name(const std::string& name, const char* what) {
  constexpr std::size_t kLongest = 200;  // it has another name, with more in it, until it is whole
  if (name.size() > kLongest)
    throw ArgumentError(std::string(what) + " '" + shortened(name) + "' is longer than " + std::to_string(kLongest) +
                        " bytes");
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw ArgumentError(std::string(what) + " '" + name + "' is not a plain file name");
}

}  // namespace

ControlTarget::ControlTarget(const cairn_control_request& request, int descriptor, Shape shape)
    : descriptor_(descriptor),
      to_file_((request.flags & CAIRN_CONTROL_TO_FD) != 0),
      member_((request.flags & CAIRN_CONTROL_MEMBER) != 0),
      objects_above_((request.flags & CAIRN_CONTROL_OBJECTS_ABOVE) != 0),
      existing_(request.existing),
      name_(text_of(request.name)),
      backup_(text_of(request.backup)) {
  if (descriptor_ < 0) throw ArgumentError("the request came without a descriptor");
  if (to_file_ && shape == Shape::directory) {
    throw ArgumentError(
        "it has children, and a process tree is saved to a directory, not to an open file or a pipe (--pid saves one "
        "process)");
  }
  if (to_file_) return;
  check_name(name_, "the context file's name");
  if (!backup_.empty()) check_name(backup_, "the backup's name");
  if (backup_ == name_) throw ArgumentError("the backup would be kept under the name of the new file: " + name_);
  struct stat status {};
  if (fstat(descriptor_, &status) != 0 || !S_ISDIR(status.st_mode))
    throw ArgumentError("the place for the context file is not a directory");
  if (existing_ == CAIRN_CONTROL_NOCLOBBER && exists(name_))
    throw EnvironmentError(name_ + " exists already (--noclobber)");
  check_replaceable();
  if (existing_ == CAIRN_CONTROL_CLOBBER) {
    remove(name_);
    if (exists(name_)) throw EnvironmentError("cannot remove the old " + name_);
  }
  remove_leftovers(descriptor_);
  temporary_ = unfinished_name(name_);
  remove(temporary_);  // of a predecessor with the same number
  if (shape == Shape::directory) make_directory();
}

ControlTarget::~ControlTarget() {
  if (!to_file_ && !committed_ && !temporary_.empty()) remove(temporary_);
}

void ControlTarget::make_directory() {
  if (make_directory_at(descriptor_, temporary_.c_str(), 0700) == 0)
    inside_.reset(openat(descriptor_, temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside_) {
    const int error = errno;
    remove(temporary_);
    throw EnvironmentError(with_errno("cannot make a directory for the group", error));
  }
  mark_in_use(inside_.get());
}

void ControlTarget::remove(const std::string& name) const noexcept {
  if (is_directory(name)) {
    remove_tree(descriptor_, name);
  } else {
    unlinkat(descriptor_, name.c_str(), 0);
  }
}

int ControlTarget::fd() const noexcept { return to_file_ ? descriptor_ : -1; }

std::string ControlTarget::path() const {
  if (to_file_) return "";
  const auto in = [](int fd) { return "/proc/self/fd/" + std::to_string(fd) + "/"; };
  return inside_ ? in(inside_.get()) + context::group_file_name(getpid()) : in(descriptor_) + temporary_;
}

std::string ControlTarget::objects() const {
  const int in = inside_ ? inside_.get() : member_ ? descriptor_ : -1;
  if (in < 0) return {};
  return "/proc/self/fd/" + std::to_string(in) + (objects_above_ ? "/../../" : "/") + context::group_objects_name;
}

bool ControlTarget::exists(const std::string& name) const noexcept {
  struct stat status {};
  return fstatat(descriptor_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

bool ControlTarget::is_directory(const std::string& name) const noexcept {
  struct stat status {};
  return fstatat(descriptor_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

// The name of a file, or of the directory of a group with nothing else in it, or of nothing.
bool ControlTarget::is_replaceable(const std::string& name) const {
  struct stat status {};
  if (fstatat(descriptor_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(status.st_mode)) return true;
  if (!S_ISDIR(status.st_mode)) return false;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor_) + "/" + name;
  const auto entries = directory_entries(path);
  return context::is_group(path) && std::all_of(entries.begin(), entries.end(), context::is_group_name);
}

bool ControlTarget::is_link(const std::string& name) const noexcept {
  struct stat status {};
  return fstatat(descriptor_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
}

// A symbolic link only if that is what the asker wants to lose or to keep under another name.
void ControlTarget::check_replaceable() const {
  const bool link = is_link(name_);
  if (!is_replaceable(name_) && !(link && (existing_ == CAIRN_CONTROL_CLOBBER || existing_ == CAIRN_CONTROL_BACKUP))) {
    throw EnvironmentError(name_ +
                           (link ? " is a symbolic link, which is neither followed nor replaced (--clobber removes "
                                   "it, --backup renames it)"
                                 : " is no regular file, and is not replaced"));
  }
  if (existing_ != CAIRN_CONTROL_BACKUP || backup_.empty() || is_replaceable(backup_)) return;
  throw EnvironmentError("the name for the backup, " + backup_ + ", is that of a " +
                         (is_link(backup_) ? "symbolic link, which is" : "file that is no regular one, and is") +
                         " not replaced");
}

std::string ControlTarget::free_backup_name() const {
  for (int i = 1; i < kMostBackups; ++i) {
    std::string name = name_ + ".~" + std::to_string(i) + "~";
    if (!exists(name)) return name;
  }
  throw EnvironmentError("too many backups of " + name_);
}

// In one step, also where one of the two is a directory: then they change places.
void ControlTarget::give_name(const std::string& name) const {
  const bool change = existing_ != CAIRN_CONTROL_NOCLOBBER && exists(name) && (inside_ || is_directory(name));
  const unsigned flags = existing_ == CAIRN_CONTROL_NOCLOBBER ? RENAME_NOREPLACE : change ? RENAME_EXCHANGE : 0;
  if (renameat2(descriptor_, temporary_.c_str(), descriptor_, name.c_str(), flags) != 0)
    throw EnvironmentError(with_errno("cannot give the checkpoint its name " + name, errno));
  if (change) remove(temporary_);
}

void ControlTarget::commit() {
  if (to_file_) return;
  check_replaceable();
  if (existing_ == CAIRN_CONTROL_BACKUP && exists(name_)) {
    const std::string backup = backup_.empty() ? free_backup_name() : backup_;
    if (renameat(descriptor_, name_.c_str(), descriptor_, backup.c_str()) != 0)
      throw EnvironmentError(with_errno("cannot rename " + name_ + " to " + backup, errno));
  }
  give_name(name_);
  committed_ = true;
}

}  // namespace cairn::host
