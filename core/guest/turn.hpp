// SPDX-License-Identifier: Apache-2.0
// The guest's turns with the numbers of descriptors (core/abi/guest_table.h, struct cairn_turn): what keeps it from
// closing a number that the host has for a moment, and from getting another than the lowest number because of the host.
// Signal-safe; any thread of the guest, with its own thread pointer. Keeps errno.
#pragma once

#include <cstdint>

#include "core/base/futex.hpp"
#include "core/guest/host.hpp"

namespace cairn::guest {

// For one system call that closes or makes descriptors. While it exists the host neither makes nor closes any; a call
// that blocks does not keep the host waiting for long. A handler of the program that interrupts it shares it.
class Turn {
 public:
  enum Purpose : uint32_t { kCloses = CAIRN_TURN_CLOSES, kMakes = CAIRN_TURN_MAKES };
  explicit Turn(Purpose purpose) {
    if (hosted()) begin(purpose);
  }
  ~Turn() {
    if (word_ != nullptr) __atomic_store_n(word_, after_, __ATOMIC_RELEASE);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  void begin(Purpose purpose);

  uint32_t* word_ = nullptr;
  uint32_t after_ = 0;
};

// For a call that looks whether there is a descriptor, and changes nothing: without a turn of its own.
class Look {
 public:
  Look() : before_(hosted() ? load(table().host_turns) : 0) {}
  // What it has seen may be one that the host had for a moment; after a wait it shall look again.
  bool again();

 private:
  uint32_t before_;
  int tries_ = 0;
};

// Frozen-world code. A thread that stands for a checkpoint in the middle of a turn does not have it meanwhile.
void put_turn_aside();
void take_turn_again();

void offer_turns();   // to the host, also to a new one
void end_turns();     // of the calling thread, at its end
void forget_turns();  // of all other threads: the child of a fork

}  // namespace cairn::guest
