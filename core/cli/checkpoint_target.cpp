// SPDX-License-Identifier: Apache-2.0
#include "core/cli/checkpoint_target.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/abi/control_protocol.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace cairn::cli {
namespace {

constexpr double kPatience = 5;  // for a reader
constexpr std::chrono::milliseconds kLook{20};

UniqueFd own_descriptor(int number) {
  UniqueFd fd(fcntl(number, F_DUPFD_CLOEXEC, 0));
  if (!fd) throw EnvironmentError(with_errno("descriptor " + std::to_string(number), errno));
  if ((fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDONLY)
    throw EnvironmentError("descriptor " + std::to_string(number) + " is not open for writing");
  return fd;
}

UniqueFd open_directory(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("directory " + path, errno));
  return fd;
}

UniqueFd open_special(int directory, const std::string& name, bool fifo) {
  for (const Deadline patience(kPatience);; std::this_thread::sleep_for(kLook)) {
    UniqueFd fd(openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
    if (fd) return fd;  // whoever writes there can be interrupted: it does not block
    if (fifo && errno == ENXIO && !patience.passed()) continue;
    if (fifo && errno == ENXIO) throw EnvironmentError("nobody reads from the FIFO " + name);
    throw EnvironmentError(with_errno(name, errno));
  }
}

}  // namespace

CheckpointTarget open_target(const CheckpointOptions& options) {
  if (options.to_descriptor) return {own_descriptor(options.descriptor), true};
  UniqueFd directory = open_directory(options.directory);
  struct stat status {};
  const bool exists = fstatat(directory.get(), options.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  const bool fifo = S_ISFIFO(status.st_mode);
  if (!exists || (!fifo && !S_ISCHR(status.st_mode))) return {std::move(directory), false};
  if (options.existing != CAIRN_CONTROL_REPLACE)
    throw EnvironmentError(options.name + " is a " + (fifo ? "FIFO" : "device") +
                           ", which is written to, not replaced");
  return {open_special(directory.get(), options.name, fifo), true};
}

}  // namespace cairn::cli
