// SPDX-License-Identifier: Apache-2.0
// Where looking into a socket (MSG_PEEK) begins is set on the socket itself: it is put back. Ordinary code.
#pragma once

#include <sys/socket.h>

namespace cairn::state {

class PeekFromBeginning {
 public:
  // As long as it lives, each look goes on where the one before has ended.
  explicit PeekFromBeginning(int fd) : fd_(fd) {
    socklen_t size = sizeof before_;
    getsockopt(fd_, SOL_SOCKET, SO_PEEK_OFF, &before_, &size);
    set(0);
  }
  ~PeekFromBeginning() { set(before_); }
  PeekFromBeginning(const PeekFromBeginning&) = delete;
  PeekFromBeginning& operator=(const PeekFromBeginning&) = delete;

 private:
  void set(int offset) const { setsockopt(fd_, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset); }
  const int fd_;
  int before_ = -1;
};

}  // namespace cairn::state
