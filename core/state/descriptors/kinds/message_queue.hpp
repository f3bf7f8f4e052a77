// SPDX-License-Identifier: Apache-2.0
// POSIX message queues in context files: SharedObject::detail of their kind. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::state {

inline constexpr std::uint32_t message_queue_number = 19;  // of the kind of descriptor

struct QueueMessage {
  std::uint32_t priority = 0;
  std::vector<std::uint8_t> text;
  template <class Archive>
  void fields(Archive& a) {
    a(priority, text);
  }
};

struct QueueDetail {
  std::string name;      // "/name"
  bool removed = false;  // mq_unlink
  std::uint32_t mode = 0;
  std::int64_t most_messages = 0, most_bytes = 0;
  std::vector<QueueMessage> messages;  // as they are received
  template <class Archive>
  void fields(Archive& a) {
    a(name, removed, mode, most_messages, most_bytes, messages);
  }
};

}  // namespace cairn::state
