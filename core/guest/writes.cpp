// SPDX-License-Identifier: Apache-2.0
// Writing to pipes, FIFOs, sockets and terminals: what waits for room has written a part of it when a stop comes.
#include <unistd.h>

#include "core/guest/export.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

CAIRN_INTERPOSE(ssize_t, write, (int fd, const void* buffer, size_t size)) {
  return written(buffer, size, [=](const void* rest, size_t left) { return real().write(fd, rest, left); });
}
