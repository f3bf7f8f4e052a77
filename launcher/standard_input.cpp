// SPDX-License-Identifier: Apache-2.0
#include "launcher/standard_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::launcher {
namespace {

bool goes_to_rank_0(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] == "--stdin" || arguments[i] == "-stdin") return arguments[i + 1] == "0";
  }
  return true;
}

}  // namespace

ForwardedInput forwarded_input(const std::vector<std::string>& arguments) {
  struct stat status {
  }, named{};
  if (!goes_to_rank_0(arguments) || fstat(STDIN_FILENO, &status) != 0) return ForwardedInput::nothing_to_lose();
  if (!S_ISREG(status.st_mode)) {
    const bool stream = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
    return stream ? ForwardedInput() : ForwardedInput::nothing_to_lose();
  }
  ForwardedInput input{status.st_ino, lseek(STDIN_FILENO, 0, SEEK_CUR), read_link("/proc/self/fd/0")};
  const bool there = stat(input.path.c_str(), &named) == 0 && named.st_ino == status.st_ino;
  if (!there || named.st_dev != status.st_dev) input.path.clear();
  return input;
}

void read_terminal_without_waiting() {
  if (isatty(STDIN_FILENO) == 0) return;
  const UniqueFd own(open("/proc/self/fd/0", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own) dup2(own.get(), STDIN_FILENO);
}

}  // namespace cairn::launcher
