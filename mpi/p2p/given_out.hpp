// SPDX-License-Identifier: Apache-2.0
// Messages that a matched probe has given out and nobody has received yet: which of a sender's messages are they? A
// synchronous send whose message is given out is complete when that is received, which may be after later ones with its
// envelope (synchronous.hpp). So what is matched behind a message that is given out is counted, while there is one.
//
// In a section or by the callback thread with the lock held.
#pragma once

#include <cstdint>
#include <limits>
#include <map>

#include "mpi/p2p/envelope.hpp"
#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// A matched probe gives out a message with this envelope; it is received.
void message_given_out(Message& message) noexcept;
void message_not_given_out(const Message& message) noexcept;

// A message from `source` with `tag` was matched by a receive that was posted as number `order`, now if that is not
// said.
extern bool any_given_out;
inline constexpr std::uint64_t kPostedNow = std::numeric_limits<std::uint64_t>::max();
void note_matched(const crcp::CommState& state, int source, int tag, std::uint64_t order) noexcept;
inline void count_matched(const crcp::CommState& state, const MPI_Status& status,
                          std::uint64_t order = kPostedNow) noexcept {
  if (__builtin_expect(any_given_out, 0)) note_matched(state, status.MPI_SOURCE, status.MPI_TAG, order);
}

// Those that are given out of one envelope.
struct GivenOut {
  std::uint64_t matched = 0;                   // of this envelope, since there have been any
  std::map<std::uint64_t, Message*> messages;  // by their order
};
ByEnvelope<GivenOut>& all_given_out() noexcept;

// visit(envelope, how many messages with it were matched later, message)
template <class Visit>
void for_each_given_out(Visit visit) {
  for (auto& [envelope, given] : all_given_out())
    for (auto& [order, message] : given.messages) visit(envelope, given.matched - message->matched_before, *message);
}

}  // namespace cairn::p2p
