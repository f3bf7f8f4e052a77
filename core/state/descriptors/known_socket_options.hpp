// SPDX-License-Identifier: Apache-2.0
// The options of sockets of IPv4, IPv6 and Unix that can be told and set again. Ordinary code.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace cairn::state {

struct KnownSocketOption {
  enum Trait : std::uint8_t {
    kEarly = 1,        // set before bind()
    kDatagrams = 2,    // of no matter to streams, which have other values by themselves
    kChosen = 4,       // saved only where it is not what a new socket has: not each kernel knows it
    kUnconnected = 8,  // of no matter to a stream that is connected, whose value is not the program's
    kInterface = 16,   // an interface's number: saved as its name
    kBigEndian = 32,   // the number is in the order of the network
  };
  int level, name;
  const char* text;
  unsigned traits = 0;
};

// In the order in which they are set.
std::span<const KnownSocketOption> known_socket_options() noexcept;
// Null if it is none of them.
const KnownSocketOption* find_socket_option(int level, int name) noexcept;
// "SO_MARK"; by its numbers if it is not known.
std::string socket_option_text(int level, int name);

}  // namespace cairn::state
