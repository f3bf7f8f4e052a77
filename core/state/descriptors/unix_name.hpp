// SPDX-License-Identifier: Apache-2.0
// The names of Unix sockets: paths and abstract ones. Ordinary code of a program whose other threads need no working
// directory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "core/state/descriptors/socket_address.hpp"
#include "core/state/descriptors/socket_diagnosis.hpp"

namespace cairn::state {

// What a socket is bound to.
struct BoundName {
  SocketAddress address;  // empty: nothing
  std::string file;       // the absolute path, if the socket is there; empty: it has been removed, or is abstract
  std::uint32_t mode = 0, user = 0, group = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(address, file, mode, user, group);
  }
};

// Of the socket `fd`. Throws TemporaryError, whose text begins with what is wrong ("is bound ...").
BoundName name_of_socket(int fd, const UnixSocket& socket);
bool is_sound(const BoundName& name);

// Binds `fd` to the same name again. A socket in the file system that nobody has bound any more makes room for it; one
// that had been removed is not there afterwards either. False with errno.
bool bind_again(int fd, const BoundName& name);
// Binds it while `work` runs. What is at the path now is there again afterwards. False with errno, or as `work`.
bool bind_for_a_moment(int fd, const SocketAddress& address, const std::function<bool()>& work);

}  // namespace cairn::state
