// SPDX-License-Identifier: Apache-2.0
// The options of sockets of IPv4, IPv6 and Unix: those that are told as they are set. Ordinary code.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace cairn::state {

struct SocketOption {
  std::int32_t level = 0, name = 0;
  std::vector<std::uint8_t> value;
  template <class Archive>
  void fields(Archive& a) {
    a(level, name, value);
  }
};
using SocketOptions = std::vector<SocketOption>;

template <class Value>
SocketOption socket_option(int level, int name, const Value& value) {
  static_assert(std::is_trivially_copyable_v<Value>);
  SocketOption option{level, name, std::vector<std::uint8_t>(sizeof value)};
  std::memcpy(option.value.data(), &value, sizeof value);
  return option;
}

int number_option(int fd, int level, int name);  // 0 if it has none

SocketOptions options_of(int fd);
// What a restart could not give it, "it has a filter (SO_ATTACH_FILTER)"; empty if there is nothing.
std::string unsaved_option_of(int fd);
// Those that matter to bind() and to what comes before it, and the others. Throw EnvironmentError: "a socket of the
// program ...".
void set_options_for_binding(int fd, const SocketOptions& options);
void set_options(int fd, const SocketOptions& options);
// SO_REUSEADDR, which is not among them: addresses may be in use by what is left of the sockets before.
void reuse_addresses(int fd, bool on = true);

}  // namespace cairn::state
