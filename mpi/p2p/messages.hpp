// SPDX-License-Identifier: Apache-2.0
// What the ranks tell each other of point-to-point communication in the fences.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::p2p {

// How many messages one rank has sent to another on one communicator.
struct SentCount {
  std::uint64_t identity = 0;
  std::int32_t to = 0;           // world rank
  std::int32_t to_rank = 0;      // in the communicator
  std::int32_t source_rank = 0;  // the sender's in the communicator
  std::uint64_t count = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(identity, to, to_rank, source_rank, count);
  }
};

// A synchronous send that is pending (synchronous.hpp).
struct PendingSend {
  std::int32_t to = 0;
  std::uint64_t identity = 0;
  std::int32_t to_rank = 0, source_rank = 0, tag = 0;
  std::uint64_t behind = 0, ticket = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(to, identity, to_rank, source_rank, tag, behind, ticket);
  }
};

// F3
struct SentCounts {
  std::vector<SentCount> sent;  // pairs that talk
  std::vector<PendingSend> synchronous;
  std::vector<std::uint64_t> acknowledgements;  // sent to world rank i
  template <class Archive>
  void fields(Archive& a) {
    a(sent, synchronous, acknowledgements);
  }
};

// The message of this request is in a queue.
struct HeldSend {
  std::int32_t waiter = 0;  // world rank
  std::uint64_t ticket = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(waiter, ticket);
  }
};

// F4
struct HeldSends {
  std::vector<HeldSend> sends;
  template <class Archive>
  void fields(Archive& a) {
    a(sends);
  }
};

}  // namespace cairn::p2p
