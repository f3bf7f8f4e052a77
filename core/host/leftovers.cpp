// SPDX-License-Identifier: Apache-2.0
#include "core/host/leftovers.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "core/base/proc.hpp"
#include "core/base/remove_tree.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::host {
namespace {

constexpr char kMark[] = ".unfinished-";

// 0 if it is not the name of something unfinished.
pid_t writer_of(const std::string& name) {
  const std::size_t mark = name.rfind(kMark);
  if (!name.starts_with('.') || mark == std::string::npos) return 0;
  const std::size_t begin = mark + sizeof kMark - 1;
  const std::size_t end = name.find_first_not_of("0123456789", begin);
  if (end != std::string::npos && !name.ends_with(".tmp")) return 0;
  constexpr std::size_t kMostDigits = 9;
  const std::string digits = name.substr(begin, end - begin);
  return digits.size() > kMostDigits ? 0 : static_cast<pid_t>(to_number(digits));
}

bool is_gone(pid_t process) { return process == getpid() || (kill(process, 0) != 0 && errno == ESRCH); }

// Where that cannot be told it counts as in use.
bool is_in_use(int directory, const std::string& name, bool is_directory) {
  const int access = is_directory ? O_RDONLY | O_DIRECTORY : O_RDWR;
  const UniqueFd fd(openat(directory, name.c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return !fd || flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
}

void remove_leftover(int directory, const std::string& name) {
  struct stat status {};
  if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_uid != geteuid()) return;
  const bool is_directory = S_ISDIR(status.st_mode);
  if ((!is_directory && !S_ISREG(status.st_mode)) || is_in_use(directory, name, is_directory)) return;
  if (is_directory) {
    remove_tree(directory, name);
  } else {
    unlinkat(directory, name.c_str(), 0);
  }
}

}  // namespace

std::string unfinished_name(const std::string& name) { return "." + name + kMark + std::to_string(getpid()); }

void mark_in_use(int fd) noexcept { flock(fd, LOCK_EX | LOCK_NB); }

void remove_leftovers(int directory) noexcept try {
  for (const std::string& name : directory_entries("/proc/self/fd/" + std::to_string(directory))) {
    const pid_t writer = writer_of(name);
    if (writer > 0 && is_gone(writer)) remove_leftover(directory, name);
  }
} catch (const std::exception&) {  // what is left does no harm but take room
}

}  // namespace cairn::host
