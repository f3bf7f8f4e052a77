// SPDX-License-Identifier: Apache-2.0
// System V shared memory, semaphores and message queues, and what SEM_UNDO undoes. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "core/abi/guest_table.h"

namespace cairn::state {

// As the kernel knew it at the checkpoint, all processes alike.
struct SystemVName {
  std::uint32_t kind = 0;  // CAIRN_SYSTEM_V_...
  std::int32_t number = 0;
  auto operator<=>(const SystemVName&) const = default;
  template <class Archive>
  void fields(Archive& a) {
    a(kind, number);
  }
};

struct SystemVMessage {
  std::int64_t type = 0;
  std::vector<std::uint8_t> text;
  template <class Archive>
  void fields(Archive& a) {
    a(type, text);
  }
};

struct SystemVObject {
  static constexpr std::uint32_t no_content = ~0u;
  SystemVName name;
  std::int32_t id = 0;  // what the program knows it by
  std::int32_t key = 0;
  // The tree has made it, or shows it: it is made again, and is what it was. Else it is somebody else's, by reference.
  bool own = false;
  bool removed = false, locked = false;  // of memory: to vanish with its last user; SHM_LOCK
  std::uint32_t mode = 0, user = 0, group = 0, creator = 0;
  std::uint64_t size = 0;                // bytes of memory, number of semaphores, most bytes of a queue
  std::vector<std::uint16_t> values;     // of the semaphores
  std::vector<SystemVMessage> messages;  // in order
  std::uint32_t content = no_content;    // of memory that is not among the areas: object of the context file
  template <class Archive>
  void fields(Archive& a) {
    a(name, id, key, own, removed, locked, mode, user, group, creator, size, values, messages, content);
  }
};

// What the kernel adds when the process ends.
struct SemaphoreUndo {
  std::int32_t set = 0;  // the kernel's number at the checkpoint
  std::uint16_t number = 0;
  std::int16_t adjust = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(set, number, adjust);
  }
};

struct SystemVState {
  static constexpr const char* section_name = "System V";
  std::vector<SystemVObject> objects;
  std::vector<SemaphoreUndo> undos;
  template <class Archive>
  void fields(Archive& a) {
    a(objects, undos);
  }
};

}  // namespace cairn::state
