// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/multicast.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>

#include "core/base/proc.hpp"

namespace cairn::state {
namespace {

// Only who has joined has sources to tell.
bool has_joined(int fd, int level, unsigned interface, const void* group, std::size_t size) {
  group_filter filter{};
  filter.gf_interface = interface;
  std::memcpy(&filter.gf_group, group, size);
  socklen_t length = sizeof filter;
  return getsockopt(fd, level, MCAST_MSFILTER, &filter, &length) == 0;
}

// "1	lo        :     1      V3", and below it "				010000E0     1 0:00000000
// 0", the address as it lies in memory.
std::string joined_of_ip4(int fd) {
  const std::string all = read_file("/proc/self/net/igmp").value_or("");
  unsigned interface = 0;
  for (const std::string_view line : split_lines(all)) {
    const auto words = split_words(line);
    if (words.empty()) continue;
    if (!line.starts_with("\t")) {
      interface = static_cast<unsigned>(to_number(words[0]));
      continue;
    }
    sockaddr_in group{};
    group.sin_family = AF_INET;
    group.sin_addr.s_addr = static_cast<in_addr_t>(to_number(words[0], 16));
    char text[INET_ADDRSTRLEN] = "";
    if (has_joined(fd, IPPROTO_IP, interface, &group, sizeof group))
      return inet_ntop(AF_INET, &group.sin_addr, text, sizeof text);
  }
  return {};
}

// "1    lo              ff020000000000000000000000000001     1 0000000C 0"
std::string joined_of_ip6(int fd) {
  const std::string all = read_file("/proc/self/net/igmp6").value_or("");
  for (const std::string_view line : split_lines(all)) {
    const auto words = split_words(line);
    constexpr std::size_t kAddress = 2, kDigits = 32;
    if (words.size() <= kAddress || words[kAddress].size() != kDigits) continue;
    sockaddr_in6 group{};
    group.sin6_family = AF_INET6;
    for (std::size_t i = 0; i < sizeof group.sin6_addr; ++i)
      group.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(to_number(words[kAddress].substr(2 * i, 2), 16));
    char text[INET6_ADDRSTRLEN] = "";
    const auto interface = static_cast<unsigned>(to_number(words[0]));
    if (has_joined(fd, IPPROTO_IPV6, interface, &group, sizeof group))
      return inet_ntop(AF_INET6, &group.sin6_addr, text, sizeof text);
  }
  return {};
}

}  // namespace

std::string joined_group(int fd) {
  const std::string four = joined_of_ip4(fd);
  return four.empty() ? joined_of_ip6(fd) : four;
}

}  // namespace cairn::state
