// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/netlink_question.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <cstring>

#include "core/base/unique_fd.hpp"

namespace cairn::state {

SocketAnswer::SocketAnswer(const void* request, std::size_t size) {
  const UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  std::vector<char> question(NLMSG_SPACE(size));
  auto* const head = reinterpret_cast<nlmsghdr*>(question.data());
  head->nlmsg_len = static_cast<__u32>(NLMSG_LENGTH(size));
  head->nlmsg_type = SOCK_DIAG_BY_FAMILY;
  head->nlmsg_flags = NLM_F_REQUEST;
  std::memcpy(NLMSG_DATA(head), request, size);
  if (!netlink || send(netlink.get(), question.data(), head->nlmsg_len, 0) < 0) return;
  constexpr std::size_t kRoom = 4096;
  bytes_.resize(kRoom);
  const ssize_t got = recv(netlink.get(), bytes_.data(), bytes_.size(), 0);
  const auto* const answer = reinterpret_cast<const nlmsghdr*>(bytes_.data());
  if (got > 0 && NLMSG_OK(answer, static_cast<std::size_t>(got)) && answer->nlmsg_type == SOCK_DIAG_BY_FAMILY)
    size_ = answer->nlmsg_len - NLMSG_HDRLEN;
}

void SocketAnswer::each_attribute(std::size_t size, const std::function<void(const rtattr&)>& found) const {
  if (size_ < size) return;
  int left = static_cast<int>(size_ - size);
  const auto* attribute = reinterpret_cast<const rtattr*>(payload() + size);
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) found(*attribute);
}

std::uint32_t number_of(const rtattr& attribute) {
  std::uint32_t number = 0;
  std::memcpy(&number, RTA_DATA(&attribute), RTA_PAYLOAD(&attribute) < sizeof number ? 1 : sizeof number);
  return number;
}

}  // namespace cairn::state
