// SPDX-License-Identifier: Apache-2.0
// Messages with one envelope are received in the order in which they are sent.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "mpi/crcp/comm_state.hpp"

namespace cairn::p2p {

struct Envelope {
  const crcp::CommState* state;
  std::int32_t peer, tag;  // peer: of a message that was sent the receiver, of one that came the sender
  bool operator==(const Envelope&) const = default;
};

struct HashEnvelope {
  std::size_t operator()(const Envelope& e) const noexcept {
    const auto pair =
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(e.peer)) << 32 | static_cast<std::uint32_t>(e.tag);
    return (reinterpret_cast<std::uintptr_t>(e.state) ^ pair * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL >> 16;
  }
};

template <class Value>
using ByEnvelope = std::unordered_map<Envelope, Value, HashEnvelope>;

}  // namespace cairn::p2p
