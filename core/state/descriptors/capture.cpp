// SPDX-License-Identifier: Apache-2.0
#include "core/state/capture.hpp"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

// Identity of what the process was started with at 0, 1 and 2.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
};
std::array<Identity, 3> inherited;

// A descriptor as it is now.
struct OpenFile {
  int fd = -1;
  struct stat status {};
  std::string path;
  int flags = 0;
  std::int64_t offset = 0;
  std::string info;  // /proc/self/fdinfo
};

std::string at(const OpenFile& file) { return " at descriptor " + std::to_string(file.fd); }

OpenFile look_at(int fd) {
  OpenFile file;
  file.fd = fd;
  const std::string number = std::to_string(fd);
  if (fstat(fd, &file.status) != 0) throw TemporaryError(with_errno("descriptor " + number, errno));
  file.path = read_link("/proc/self/fd/" + number);
  file.flags = static_cast<int>(raw_syscall(SYS_fcntl, fd, F_GETFL));
  file.info = read_file("/proc/self/fdinfo/" + number).value_or("");
  file.offset = static_cast<std::int64_t>(to_number(field(file.info, "pos")));
  return file;
}

bool is_harmless_device(dev_t device) {
  if (device == makedev(5, 0)) return true;                        // tty
  static constexpr std::array<unsigned, 5> minors{3, 5, 7, 8, 9};  // null, zero, full, random, urandom
  return major(device) == 1 && std::find(minors.begin(), minors.end(), minor(device)) != minors.end();
}

// True if both descriptors are one open file description.
bool same_description(const OpenFile& a, const OpenFile& b) {
  if (a.status.st_ino != b.status.st_ino || a.status.st_dev != b.status.st_dev || a.flags != b.flags ||
      a.offset != b.offset)
    return false;
  const long result = raw_syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a.fd, b.fd);
  if (!is_error(result)) return result == 0;
  // A kernel without kcmp: a status flag changed through one shows through the other. The guest's other threads
  // stand or do not care about this moment.
  const long changed = a.flags ^ O_NONBLOCK;
  if (is_error(raw_syscall(SYS_fcntl, a.fd, F_SETFL, changed))) return false;
  const bool same = raw_syscall(SYS_fcntl, b.fd, F_GETFL) == changed;
  raw_syscall(SYS_fcntl, a.fd, F_SETFL, a.flags);
  return same;
}

std::string socket_name(const OpenFile& file) {
  int domain = 0, type = 0;
  socklen_t length = sizeof domain;
  getsockopt(file.fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
  length = sizeof type;
  getsockopt(file.fd, SOL_SOCKET, SO_TYPE, &type, &length);
  std::string family = domain == AF_UNIX ? "Unix" : domain == AF_INET ? "IPv4" : domain == AF_INET6 ? "IPv6" : "";
  if (family.empty()) family = "family " + std::to_string(domain);
  return family + (type == SOCK_STREAM ? " stream" : type == SOCK_DGRAM ? " datagram" : "") + " socket";
}

[[noreturn]] void refuse(const OpenFile& file) {
  const mode_t mode = file.status.st_mode;
  if (S_ISSOCK(mode)) throw TemporaryError(socket_name(file) + at(file) + " cannot be saved yet");
  if (S_ISFIFO(mode) && file.path.starts_with("pipe:"))
    throw TemporaryError("pipe" + at(file) + " cannot be saved yet");
  if (S_ISFIFO(mode)) throw TemporaryError("named pipe " + file.path + at(file) + " cannot be saved yet");
  if (S_ISCHR(mode) || S_ISBLK(mode)) throw TemporaryError("device " + file.path + at(file) + " cannot be saved");
  std::string what = file.path;
  if (what.starts_with("anon_inode:")) what = what.substr(11);
  if (what.starts_with("[") && what.ends_with("]")) what = what.substr(1, what.size() - 2);
  throw TemporaryError(what + at(file) + " cannot be saved yet");
}

// By reference: the path must still lead to it, and no lock may hang on it.
void check_reference(const OpenFile& file) {
  for (std::string_view line : split_lines(file.info)) {
    if (line.starts_with("lock:"))
      throw TemporaryError("lock held on " + file.path + at(file) + " cannot be saved yet");
  }
  if (file.path.starts_with("/memfd:"))
    throw TemporaryError("memfd " + file.path.substr(7) + at(file) + " cannot be saved yet");
  struct stat now {};
  if (file.status.st_nlink == 0 || file.path.ends_with(" (deleted)"))
    throw TemporaryError("deleted file " + file.path + at(file) + " cannot be saved yet");
  const int result = (file.flags & O_PATH) != 0 ? lstat(file.path.c_str(), &now) : stat(file.path.c_str(), &now);
  if (result != 0 || now.st_ino != file.status.st_ino || now.st_dev != file.status.st_dev)
    throw TemporaryError("file" + at(file) + " is not at its path any more: " + file.path);
}

// A file of this very process under /proc must be the new process's after a restart.
std::string portable_path(const std::string& path) {
  const std::string own = "/proc/" + std::to_string(getpid()) + "/";
  return path.starts_with(own) ? "/proc/self/" + path.substr(own.size()) : path;
}

Description describe(const OpenFile& file) {
  Description result;
  result.path = portable_path(file.path);
  result.flags = static_cast<std::uint32_t>(file.flags);
  result.offset = file.offset;
  result.device = file.status.st_dev;
  result.inode = file.status.st_ino;
  result.special_device = file.status.st_rdev;
  result.size = static_cast<std::uint64_t>(file.status.st_size);
  if ((file.flags & O_ASYNC) != 0) {
    result.owner = static_cast<std::int32_t>(raw_syscall(SYS_fcntl, file.fd, F_GETOWN));
    result.signal = static_cast<std::int32_t>(raw_syscall(SYS_fcntl, file.fd, F_GETSIG));
  }
  return result;
}

// `standard` is the standard descriptor that shares this description or terminal, or -1.
Description classify(const OpenFile& file, int standard) {
  Description result = describe(file);
  const mode_t mode = file.status.st_mode;
  if (S_ISCHR(mode) && is_harmless_device(file.status.st_rdev)) {
    result.kind = FileKind::device;
    result.standard = standard;
  } else if (S_ISREG(mode) && file.path.starts_with("/")) {
    if (standard < 0 || !file.path.ends_with(" (deleted)")) check_reference(file);
    result.kind = FileKind::regular;
    result.standard = standard;
  } else if (S_ISDIR(mode)) {
    check_reference(file);
    result.kind = FileKind::directory;
  } else if (standard >= 0) {
    result.kind = FileKind::standard;
    result.standard = standard;
  } else {
    refuse(file);
  }
  return result;
}

// A terminal, pipe or socket is known by its identity alone. Of a file or a device like /dev/null there may be
// many open file descriptions, so one that was inherited must still be there to compare with.
bool known_by_identity(const OpenFile& file) {
  return !S_ISREG(file.status.st_mode) && !is_harmless_device(file.status.st_rdev) && !S_ISDIR(file.status.st_mode);
}

bool was_inherited_as(const OpenFile& file, int number) {
  const Identity& identity = inherited[static_cast<std::size_t>(number)];
  return identity.inode == file.status.st_ino && identity.device == file.status.st_dev;
}

// Which of 0, 1, 2 stands for this file after a restart, or -1. Where several would do: output first, since a new
// standard input may be readable only.
int standard_of(const OpenFile& file, const std::vector<OpenFile>& files) {
  if (file.fd <= 2 && was_inherited_as(file, file.fd)) return file.fd;
  const std::array<int, 3> order = (file.flags & O_ACCMODE) == O_RDONLY ? std::array{0, 1, 2} : std::array{1, 2, 0};
  for (int number : order) {
    if (!was_inherited_as(file, number)) continue;
    if (known_by_identity(file)) return number;
    auto other = std::find_if(files.begin(), files.end(), [&](const OpenFile& f) { return f.fd == number; });
    if (other != files.end() && same_description(file, *other)) return number;
  }
  return -1;
}

// Descriptors that the host makes have a low number for a moment, until they are moved up: what is there only once
// is not the guest's.
std::vector<int> settled_guest_fds() {
  constexpr int kLooks = 3;
  std::vector<int> settled = host::guest_fds();
  for (int look = 1; look < kLooks; ++look) {
    const std::vector<int> now = host::guest_fds();
    std::erase_if(settled, [&](int fd) { return !std::binary_search(now.begin(), now.end(), fd); });
  }
  return settled;
}

}  // namespace

void note_standard_files() noexcept {
  static bool noted = false;
  if (std::exchange(noted, true)) return;
  for (int fd = 0; fd < 3; ++fd) {
    struct stat status {};
    inherited[fd] = fstat(fd, &status) == 0 ? Identity{status.st_dev, status.st_ino} : Identity{};
  }
}

FilesState capture_files() {
  std::vector<OpenFile> files;
  for (int fd : settled_guest_fds()) files.push_back(look_at(fd));
  FilesState result;
  std::vector<std::size_t> first;  // of each description, an index into files
  for (std::size_t i = 0; i < files.size(); ++i) {
    const OpenFile& file = files[i];
    const int standard = standard_of(file, files);
    std::size_t known = 0;
    while (known < first.size() &&
           !(same_description(file, files[first[known]]) && result.descriptions[known].standard == standard))
      ++known;
    if (known == first.size()) {
      result.descriptions.push_back(classify(file, standard));
      first.push_back(i);
    }
    const long descriptor_flags = raw_syscall(SYS_fcntl, file.fd, F_GETFD);
    result.descriptors.push_back({file.fd, static_cast<std::uint32_t>(known), (descriptor_flags & FD_CLOEXEC) != 0});
  }
  return result;
}

}  // namespace cairn::state
