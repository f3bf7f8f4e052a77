// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/unix_name.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/made.hpp"

namespace cairn::state {
namespace {

// The working directory is another while it lives.
class InDirectory {
 public:
  explicit InDirectory(const std::string& path)
      : before_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)), there_(before_ && chdir(path.c_str()) == 0) {}
  ~InDirectory() {
    const int error = errno;
    if (there_ && fchdir(before_.get()) != 0) abort();  // it was the working directory a moment ago
    errno = error;
  }
  InDirectory(const InDirectory&) = delete;
  InDirectory& operator=(const InDirectory&) = delete;
  explicit operator bool() const { return there_; }

 private:
  UniqueFd before_;
  bool there_;
};

bool bind_to(int fd, const SocketAddress& address) { return bind(fd, address.get(), address.size()) == 0; }

// Nobody has it bound any more. One that somebody listens at gets a connection that is closed at once.
bool is_left_over(const std::string& path, const SocketAddress& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const UniqueFd trial(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return connect(trial.get(), address.get(), address.size()) != 0 && errno == ECONNREFUSED;
}

bool bind_in_file_system(int fd, const BoundName& name) {
  const bool left_over = is_left_over(name.file, name.address);
  if (left_over) unlink(name.file.c_str());
  if (!bind_to(fd, name.address)) return false;
  if (!left_over) note_made([file = name.file] { unlink(file.c_str()); });
  struct stat now {};
  if (stat(name.file.c_str(), &now) != 0) return false;
  if ((now.st_uid != name.user || now.st_gid != name.group) && lchown(name.file.c_str(), name.user, name.group) != 0 &&
      errno != EPERM)
    return false;
  return chmod(name.file.c_str(), name.mode & ALLPERMS) == 0;
}

// Only the last part may be another's for a moment: directories are not made.
bool bind_aside(int fd, const SocketAddress& address, const std::function<bool()>& work) {
  const std::string path = address.path(), aside = path + ".cairn-" + std::to_string(getpid());
  const bool moved = rename(path.c_str(), aside.c_str()) == 0;
  if (!moved && errno != ENOENT) return false;
  const bool bound = bind_to(fd, address);
  if (bound) complete_mode(AT_FDCWD, path.c_str(), 0600);  // who may not write may not connect
  const bool done = bound && work();
  const int error = errno;
  if (bound) unlink(path.c_str());
  if (moved) rename(aside.c_str(), path.c_str());
  errno = error;
  return done;
}

}  // namespace

// The kernel tells the inode's lower half.
BoundName name_of_socket(int fd, const UnixSocket& socket) {
  BoundName name;
  const SocketAddress address = SocketAddress::local_of(fd);
  if (address.unix_name().empty()) return name;
  name.address = address;
  const std::string path = address.path();
  if (path.empty()) return name;
  const bool relative = !path.starts_with("/");
  const std::string file = relative ? read_link("/proc/self/cwd") + "/" + path : path;
  struct stat status {};
  const bool there = lstat(file.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
                     static_cast<std::uint32_t>(status.st_ino) == socket.file_inode;
  if (!there && relative)
    throw TemporaryError("is bound to " + path + ", which is not in the working directory (any more)");
  if (!there) return name;
  name.file = file;
  name.mode = status.st_mode & ALLPERMS;
  name.user = status.st_uid;
  name.group = status.st_gid;
  return name;
}

bool is_sound(const BoundName& name) {
  const std::string path = name.address.path();
  if (!name.address.empty() && !name.address.fits(AF_UNIX)) return false;
  return name.file.empty() || (name.file.starts_with("/") && !path.empty() && name.file.ends_with(path));
}

bool bind_again(int fd, const BoundName& name) {
  if (name.address.empty()) return true;
  const std::string path = name.address.path();
  if (path.empty()) return bind_to(fd, name.address);
  if (name.file.empty()) return bind_for_a_moment(fd, name.address, [] { return true; });
  if (path.starts_with("/")) return bind_in_file_system(fd, name);
  const InDirectory there(name.file.substr(0, name.file.size() - path.size()));
  return there && bind_in_file_system(fd, name);
}

bool bind_for_a_moment(int fd, const SocketAddress& address, const std::function<bool()>& work) {
  const std::string path = address.path();
  if (path.empty()) return bind_to(fd, address) && work();
  if (path.starts_with("/")) return bind_aside(fd, address, work);
  char directory[] = "/tmp/cairn-XXXXXX";
  if (make_temporary_directory(directory) == nullptr) return false;
  bool done = false;
  {
    const InDirectory there(directory);
    done = there && bind_aside(fd, address, work);
  }
  const int error = errno;
  rmdir(directory);
  errno = error;
  return done;
}

}  // namespace cairn::state
