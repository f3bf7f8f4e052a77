// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/terminal_pair.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include "core/base/proc.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {
namespace {

constexpr unsigned kFirstMajor = 136, kLastMajor = 143;
constexpr long kFileSystem = 0x1cd1;  // DEVPTS_SUPER_MAGIC

std::optional<ObjectIdentity> slave_at(const std::string& directory, unsigned number) {
  struct stat slave {};
  if (stat((directory + "/" + std::to_string(number)).c_str(), &slave) != 0 || !is_terminal_slave(slave) ||
      minor(slave.st_rdev) != number)
    return std::nullopt;
  return ObjectIdentity{slave.st_dev, slave.st_ino};
}

}  // namespace

bool is_terminal_master(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(5, 2);
}

bool is_terminal_slave(const struct stat& status) {
  return S_ISCHR(status.st_mode) && major(status.st_rdev) >= kFirstMajor && major(status.st_rdev) <= kLastMajor;
}

bool is_terminal_path(const std::string& path) { return path.starts_with("/dev/pts/") || path.ends_with("/ptmx"); }

// /dev/ptmx is in the file system of the slaves itself, or beside the directory "pts" where that is.
std::string slave_directory(const std::string& path, const std::string& root) {
  const std::string directory = path.substr(0, path.rfind('/'));
  struct statfs system {};
  if (statfs((root + path).c_str(), &system) == 0 && system.f_type == kFileSystem) return directory;
  return directory + "/pts";
}

std::optional<unsigned> terminal_number(const std::string& fdinfo) {
  const std::string_view number = field(fdinfo, "tty-index");
  if (number.empty()) return std::nullopt;
  return static_cast<unsigned>(to_number(number));
}

std::optional<ObjectIdentity> pair_of(const std::string& process, const std::string& number,
                                      const struct stat& status) {
  if (is_terminal_slave(status)) return ObjectIdentity{status.st_dev, status.st_ino};
  if (!is_terminal_master(status)) return std::nullopt;
  const auto index = terminal_number(read_file(process + "/fdinfo/" + number).value_or(""));
  const std::string path = read_link(process + "/fd/" + number);
  if (!index || !path.starts_with("/")) return std::nullopt;
  const std::string root = process + "/root";
  return slave_at(root + slave_directory(path, root), *index);
}

std::optional<ObjectIdentity> pair_of(const OpenFile& file) {
  if (!is_terminal_slave(file.status) && !is_terminal_master(file.status)) return std::nullopt;
  return pair_of("/proc/self", std::to_string(file.fd), file.status);
}

bool is_hung_up(int slave) {
  pollfd look{slave, POLLIN, 0};
  return poll(&look, 1, 0) == 1 && (look.revents & POLLERR) != 0 && (look.revents & POLLHUP) != 0;
}

bool is_terminal_of_group(int fd) {
  const GroupSharing* sharing = group_sharing();
  unsigned device = 0;
  struct stat status {};
  if (sharing == nullptr || ioctl(fd, TIOCGDEV, &device) != 0 || fstat(fd, &status) != 0) return false;
  const auto pair =
      is_terminal_slave(status) ? ObjectIdentity{status.st_dev, status.st_ino} : slave_at("/dev/pts", minor(device));
  return pair && sharing->file(pair->device, pair->inode) != nullptr;
}

}  // namespace cairn::state
