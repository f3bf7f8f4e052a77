// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/tcp_state.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/state/descriptors/socket_options.hpp"

namespace cairn::state {
namespace {

tcp_info information(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
  return info;
}

}  // namespace

bool is_socket_of(const OpenFile& file, int type, int protocol) {
  if (!S_ISSOCK(file.status.st_mode) || (file.flags & O_PATH) != 0) return false;
  const int domain = number_option(file.fd, SOL_SOCKET, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6) && number_option(file.fd, SOL_SOCKET, SO_TYPE) == type &&
         number_option(file.fd, SOL_SOCKET, SO_PROTOCOL) == protocol;
}

bool is_tcp(const OpenFile& file) { return is_socket_of(file, SOCK_STREAM, IPPROTO_TCP); }

int tcp_state(int fd) { return information(fd).tcpi_state; }

// One that was never connected has not been shut down.
bool has_ended(int fd) {
  pollfd look{fd, POLLIN | POLLRDHUP, 0};
  return poll(&look, 1, 0) > 0 && (look.revents & POLLRDHUP) != 0;
}

// Memory of the kernel's own is about half of a buffer: a window that takes less than a quarter of it is no result of
// that.
int chosen_window(int fd) {
  constexpr int kShare = 4;
  const int most = number_option(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP);
  return most > 0 && most < number_option(fd, SOL_SOCKET, SO_RCVBUF) / kShare ? most : 0;
}

bool is_measured_segment(int fd) {
  return static_cast<int>(information(fd).tcpi_snd_mss) == number_option(fd, IPPROTO_TCP, TCP_MAXSEG);
}

// For one that listens these fields have another meaning.
AcceptQueue accept_queue(int fd) {
  const tcp_info info = information(fd);
  return {info.tcpi_unacked, info.tcpi_sacked};
}

}  // namespace cairn::state
