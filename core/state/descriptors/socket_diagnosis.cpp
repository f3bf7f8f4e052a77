// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/socket_diagnosis.hpp"

#include <linux/inet_diag.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/netlink_question.hpp"

namespace cairn::state {
namespace {

void set_end(__be32 (&address)[4], __be16& port, const SocketAddress& of) {
  if (of.family() == AF_INET) {
    const auto inet = of.as<sockaddr_in>();
    address[0] = inet.sin_addr.s_addr;
    port = inet.sin_port;
  } else {
    const auto inet = of.as<sockaddr_in6>();
    std::memcpy(address, &inet.sin6_addr, sizeof inet.sin6_addr);
    port = inet.sin6_port;
  }
}

}  // namespace

std::optional<UnixSocket> diagnose_unix_socket(std::uint64_t inode) {
  unix_diag_req request{};
  request.sdiag_family = AF_UNIX;
  request.udiag_states = ~0u;
  request.udiag_ino = static_cast<std::uint32_t>(inode);
  request.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN;
  request.udiag_cookie[0] = request.udiag_cookie[1] = ~0u;
  const SocketAnswer answer(&request, sizeof request);
  const auto* const message = answer.message<unix_diag_msg>();
  if (message == nullptr) return std::nullopt;
  UnixSocket socket;
  socket.listens = message->udiag_state == TCP_LISTEN;
  answer.each_attribute(sizeof(unix_diag_msg), [&](const rtattr& attribute) {
    if (attribute.rta_type == UNIX_DIAG_SHUTDOWN) socket.shut = number_of(attribute) & 3;
    if (attribute.rta_type == UNIX_DIAG_PEER) socket.connected = true, socket.peer = number_of(attribute);
    if (attribute.rta_type == UNIX_DIAG_VFS) socket.file_inode = value_of<unix_diag_vfs>(attribute).udiag_vfs_ino;
    if (attribute.rta_type == UNIX_DIAG_RQLEN && socket.listens) {
      const auto queue = value_of<unix_diag_rqlen>(attribute);
      socket.waiting = queue.udiag_rqueue;
      socket.backlog = queue.udiag_wqueue;
    }
  });
  return socket;
}

namespace {

// The numbers of all interfaces. "    lo: 1420 ..."
std::vector<unsigned> interfaces() {
  std::vector<unsigned> all;
  const UniqueFd any(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const std::string table = read_file("/proc/self/net/dev").value_or("");
  for (const std::string_view line : split_lines(table)) {
    const auto words = split_words(line);
    if (words.empty() || !words[0].ends_with(":") || words[0].size() > IFNAMSIZ) continue;
    ifreq request{};
    words[0].copy(request.ifr_name, words[0].size() - 1);
    if (ioctl(any.get(), SIOCGIFINDEX, &request) == 0) all.push_back(static_cast<unsigned>(request.ifr_ifindex));
  }
  return all;
}

// As one that is bound to no interface, or to this one.
std::optional<TcpSocket> diagnose_at(const SocketAddress& here, const SocketAddress& there, unsigned interface) {
  inet_diag_req_v2 request{};
  request.sdiag_family = static_cast<__u8>(here.family());
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0u;
  request.idiag_ext = 1 << (INET_DIAG_SHUTDOWN - 1);
  set_end(request.id.idiag_src, request.id.idiag_sport, here);
  set_end(request.id.idiag_dst, request.id.idiag_dport, there);
  request.id.idiag_if = interface;
  request.id.idiag_cookie[0] = request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  const SocketAnswer answer(&request, sizeof request);
  const auto* const message = answer.message<inet_diag_msg>();
  // Where there is no connection, what listens there is found.
  if (message == nullptr || message->idiag_state == TCP_LISTEN) return std::nullopt;
  TcpSocket socket{message->idiag_state, message->idiag_inode, message->idiag_rqueue, message->idiag_wqueue, 0};
  answer.each_attribute(sizeof(inet_diag_msg), [&](const rtattr& attribute) {
    if (attribute.rta_type == INET_DIAG_SHUTDOWN) socket.shut = number_of(attribute) & 3;
  });
  return socket;
}

}  // namespace

std::optional<TcpSocket> diagnose_tcp_socket(const SocketAddress& local, const SocketAddress& remote) {
  // The kernel finds it by IPv4 whatever family it is of, if these are addresses of IPv4.
  const SocketAddress here = local.unmapped(), there = remote.unmapped();
  if (here.family() != there.family()) return std::nullopt;
  if (auto found = diagnose_at(here, there, 0)) return found;
  // One that is bound to an interface (SO_BINDTODEVICE, or an address of one link) is found by asking for that.
  const bool within = here.is_loopback() || here.with_port(0) == there.with_port(0);
  if (!within) return std::nullopt;
  for (const unsigned interface : interfaces()) {
    if (auto found = diagnose_at(here, there, interface)) return found;
  }
  return std::nullopt;
}

}  // namespace cairn::state
