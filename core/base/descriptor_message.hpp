// SPDX-License-Identifier: Apache-2.0
// Messages on Unix sockets that carry a descriptor. Needs libc only; both halves; any thread.
#pragma once

#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace cairn {

// A message of these bytes, with room for one descriptor beside them.
class DescriptorMessage {
 public:
  DescriptorMessage(void* data, std::size_t size) noexcept : part_{data, size} {
    message_.msg_iov = &part_;
    message_.msg_iovlen = 1;
    message_.msg_control = control_;
    message_.msg_controllen = sizeof control_;
  }
  DescriptorMessage(const DescriptorMessage&) = delete;
  DescriptorMessage& operator=(const DescriptorMessage&) = delete;

  // With the descriptor, or none if that is negative. As sendmsg().
  ssize_t send(int socket, int descriptor) noexcept {
    if (descriptor < 0) {
      message_.msg_control = nullptr;
      message_.msg_controllen = 0;
    } else {
      cmsghdr* header = CMSG_FIRSTHDR(&message_);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof descriptor);
      memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return sendmsg(socket, &message_, MSG_NOSIGNAL);
  }

  // As recvmsg(). `descriptor` becomes the one that came along, which is the caller's then, or -1.
  ssize_t receive(int socket, int& descriptor, int flags = 0) noexcept {
    descriptor = -1;
    const ssize_t n = recvmsg(socket, &message_, MSG_CMSG_CLOEXEC | flags);
    const cmsghdr* header = n < 0 ? nullptr : CMSG_FIRSTHDR(&message_);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof descriptor))
      memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return n;
  }

 private:
  iovec part_;
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int))] = {};
  msghdr message_{};
};

}  // namespace cairn
