// SPDX-License-Identifier: Apache-2.0
// libc's functions that make descriptors by ways of their own, as the host's libraries find them
// (descriptor_calls.cpp): streams, directories, descriptors that come in a message. Host threads.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "core/host/descriptors.hpp"
#include "core/host/entries.hpp"
#include "core/host/readable.hpp"

using namespace cairn;
using namespace cairn::host;

namespace {

template <class Function>
Function libc(Function /*like*/, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
#define CAIRN_LIBC(name)                            \
  ([] {                                             \
    static const auto found = libc(&::name, #name); \
    return found;                                   \
  }())

// What fopen() opens, or -1 for a mode that it does not know. Nobody hands a stream on to a program that is executed.
int flags_of(const char* mode) noexcept {
  int flags = *mode == 'r' ? O_RDONLY : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
  if (*mode == '\0' || std::strchr("rwa", *mode) == nullptr) return -1;
  for (const char* c = mode + 1; *c != '\0' && *c != ','; ++c) {
    if (*c == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
    if (*c == 'x') flags |= O_EXCL;
  }
  return flags | O_CLOEXEC;
}

FILE* open_stream(const char* path, const char* mode) {
  const int flags = flags_of(mode);
  if (flags < 0) {
    errno = EINVAL;
    return nullptr;
  }
  const int fd = open(path, flags, 0666);
  if (fd < 0) return nullptr;
  FILE* const file = fdopen(fd, mode);
  if (file == nullptr) {
    const int error = errno;
    close(fd);
    errno = error;
  }
  return file;
}

// Where the message's descriptors have gone. One that cannot be moved is closed, and is -1.
void move_up_those_in(msghdr& message) noexcept {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      unsigned char* const place = CMSG_DATA(header) + i * sizeof(int);
      int fd = -1;
      std::memcpy(&fd, place, sizeof fd);
      const long high = moved_up(fd);
      fd = is_error(high) ? -1 : static_cast<int>(high);
      std::memcpy(place, &fd, sizeof fd);
    }
  }
}

}  // namespace

CAIRN_INTERPOSE FILE* CAIRN_OWN(fopen)(const char* path, const char* mode) { return open_stream(path, mode); }
CAIRN_INTERPOSE FILE* CAIRN_OWN(fopen64)(const char* path, const char* mode) { return open_stream(path, mode); }

// What is to be written may wait for somebody: that is done before.
CAIRN_INTERPOSE int CAIRN_OWN(fclose)(FILE* file) {
  fflush(file);
  const DescriptorTurn turn;
  forget_descriptor(fileno(file));
  return CAIRN_LIBC(fclose)(file);
}

CAIRN_INTERPOSE FILE* CAIRN_OWN(setmntent)(const char* path, const char* mode) { return open_stream(path, mode); }
CAIRN_INTERPOSE int CAIRN_OWN(endmntent)(FILE* file) {
  if (file != nullptr) fclose(file);
  return 1;
}

CAIRN_INTERPOSE DIR* CAIRN_OWN(opendir)(const char* path) {
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return nullptr;
  DIR* const directory = fdopendir(fd);
  if (directory == nullptr) {
    const int error = errno;
    close(fd);
    errno = error;
  }
  return directory;
}

CAIRN_INTERPOSE int CAIRN_OWN(closedir)(DIR* directory) {
  const DescriptorTurn turn;
  forget_descriptor(dirfd(directory));
  return CAIRN_LIBC(closedir)(directory);
}

CAIRN_INTERPOSE int CAIRN_OWN(mkostemp)(char* path, int flags) {
  const DescriptorTurn turn;
  const RaisedLimit raised;
  const int fd = CAIRN_LIBC(mkostemp)(path, flags);
  return fd < 0 ? fd : set_errno(moved_up(fd));
}
CAIRN_INTERPOSE int CAIRN_OWN(mkostemp64)(char* path, int flags) { return mkostemp(path, flags); }
CAIRN_INTERPOSE int CAIRN_OWN(mkstemp)(char* path) { return mkostemp(path, 0); }
CAIRN_INTERPOSE int CAIRN_OWN(mkstemp64)(char* path) { return mkostemp(path, 0); }

CAIRN_INTERPOSE ssize_t CAIRN_OWN(recvmsg)(int fd, msghdr* message, int flags) {
  const auto receive = [&](int more) { return raw_syscall(SYS_recvmsg, fd, address(message), flags | more); };
  const auto result = [](long n) -> ssize_t { return set_errno(n); };
  if (message->msg_control == nullptr || message->msg_controllen == 0) return result(receive(0));
  const bool waits = (flags & MSG_DONTWAIT) == 0 && (raw_syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK) == 0;
  const std::size_t room = message->msg_controllen;
  for (bool in_time = true;;) {
    if (waits) in_time = wait_until_readable(fd);
    const DescriptorTurn turn;
    const RaisedLimit raised;
    message->msg_controllen = room;
    const long n = receive(MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n == -EAGAIN && waits && in_time) continue;
    if (!is_error(n)) move_up_those_in(*message);
    return result(n);
  }
}
