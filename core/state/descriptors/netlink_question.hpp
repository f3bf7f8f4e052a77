// SPDX-License-Identifier: Apache-2.0
// A question about one socket to the kernel's sock_diag. Ordinary code.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

namespace cairn::state {

// The answer's message (unix_diag_msg, inet_diag_msg), with what follows it; empty if there is none. `request` is the
// family's own struct.
class SocketAnswer {
 public:
  SocketAnswer(const void* request, std::size_t size);
  template <class Message>
  const Message* message() const {
    return size_ >= sizeof(Message) ? reinterpret_cast<const Message*>(payload()) : nullptr;
  }
  // Each attribute behind a message of `size` bytes.
  void each_attribute(std::size_t size, const std::function<void(const rtattr&)>& found) const;

 private:
  const char* payload() const { return bytes_.data() + NLMSG_HDRLEN; }
  std::vector<char> bytes_;
  std::size_t size_ = 0;  // of the payload
};

// An attribute's value as a number, of one byte or four.
std::uint32_t number_of(const rtattr& attribute);

// Or as a struct; what is missing is zero.
template <class Value>
Value value_of(const rtattr& attribute) {
  Value value{};
  std::memcpy(&value, RTA_DATA(&attribute), std::min<std::size_t>(RTA_PAYLOAD(&attribute), sizeof value));
  return value;
}

}  // namespace cairn::state
