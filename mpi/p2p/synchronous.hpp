// SPDX-License-Identifier: Apache-2.0
// Synchronous sends over a cut. A drain takes their messages out of the library though the application has not received
// them: the real request completes then, the application's must not. Such a request is held, with the queued message
// the receiver keeps who waits for it, and tells it by a message of our own when the application receives that one.
//
// Which queued message it is: of the messages with one communicator, source and tag the application receives the first
// ones first, so what is queued are the last. A pending synchronous send knows how many were sent after it. Messages
// that a matched probe has given out are known by how many were matched after them (given_out.hpp).
//
// In a section or by the callback thread, as poll().
#pragma once

#include "mpi/p2p/messages.hpp"
#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// A synchronous send of (comm, peer, tag) has been posted; it has completed, or was freed.
void synchronous_posted(Request& request) noexcept;
void synchronous_gone(Request& request) noexcept;

// Every message sent is counted, and as sent behind the pending synchronous ones.
extern bool synchronous_pending;
void note_sent_behind(const crcp::CommState& state, int peer, int tag) noexcept;
inline void count_sent(crcp::CommState& state, int peer, int tag) noexcept {
  crcp::count_sent(state, peer);
  if (__builtin_expect(synchronous_pending, 0)) note_sent_behind(state, peer, tag);
}

// F3: the synchronous sends that are pending, and how many messages of our own went to whom.
void add_synchronous(SentCounts& counts);
// Before F3: what the last request was asked.
void forget_questions() noexcept;
// Takes one sender's.
void expect_acknowledgements(int world_rank, int sender, const SentCounts& counts);
// Messages of our own that are not here yet, or not sent.
std::uint64_t acknowledgements_missing() noexcept;

// F4: who is to be held, for his message is in a queue here.
HeldSends hold_for_others();
// Takes one rank's.
void hold(int world_rank, const HeldSends& held);

// Looks whether held requests may complete.
void take_acknowledgements() noexcept;
// The application receives this message.
void acknowledge(const crcp::QueuedMessage& message) noexcept;

}  // namespace cairn::p2p
