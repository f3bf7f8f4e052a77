// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/socket_diagnosis.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

#include <cstring>

#include "core/base/unique_fd.hpp"

namespace cairn::state {
namespace {

struct Question {
  nlmsghdr head;
  unix_diag_req request;
};

bool ask(int netlink, std::uint64_t inode) {
  Question question{};
  question.head.nlmsg_len = sizeof question;
  question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.head.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_states = ~0u;
  question.request.udiag_ino = static_cast<std::uint32_t>(inode);
  question.request.udiag_show = UDIAG_SHOW_PEER;
  question.request.udiag_cookie[0] = question.request.udiag_cookie[1] = ~0u;
  return send(netlink, &question, sizeof question, 0) == static_cast<ssize_t>(sizeof question);
}

std::optional<UnixSocket> read_answer(const nlmsghdr* head, std::size_t size) {
  if (!NLMSG_OK(head, size) || head->nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  UnixSocket socket;
  const auto* message = static_cast<const unix_diag_msg*>(NLMSG_DATA(head));
  int left = static_cast<int>(head->nlmsg_len - NLMSG_LENGTH(sizeof *message));
  const auto* attribute = reinterpret_cast<const rtattr*>(message + 1);
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    std::uint32_t number = 0;
    std::memcpy(&number, RTA_DATA(attribute), RTA_PAYLOAD(attribute) < 4 ? 1 : 4);
    if (attribute->rta_type == UNIX_DIAG_SHUTDOWN) socket.shut = number & 3;
    if (attribute->rta_type == UNIX_DIAG_PEER) socket.connected = true, socket.peer = number;
  }
  return socket;
}

}  // namespace

std::optional<UnixSocket> diagnose_unix_socket(std::uint64_t inode) {
  const UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink || !ask(netlink.get(), inode)) return std::nullopt;
  alignas(nlmsghdr) char answer[1024];
  const ssize_t size = recv(netlink.get(), answer, sizeof answer, 0);
  if (size <= 0) return std::nullopt;
  return read_answer(reinterpret_cast<const nlmsghdr*>(answer), static_cast<std::size_t>(size));
}

}  // namespace cairn::state
