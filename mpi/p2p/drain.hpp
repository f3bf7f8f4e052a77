// SPDX-License-Identifier: Apache-2.0
// Phase 3: every message sent is received, by the application or into the queue of its communicator. Called by the
// callback thread with the lock held and nobody in the real library.
#pragma once

#include <string>

#include "mpi/p2p/messages.hpp"

namespace cairn::p2p {

// Empty, or what of this rank's point-to-point state cannot be carried over a cut.
std::string drain_obstacle();
// Lets the real library work once.
void progress_library() noexcept;

// F3: how many messages this rank has sent, per communicator and receiver, and its pending synchronous sends.
SentCounts sent_counts();
// Before F3: what an earlier request expected.
void expect_nothing() noexcept;
// Takes one sender's F3. Empty, or what is wrong with it.
std::string expect(int world_rank, int sender, const SentCounts& counts);
// One round; true when everything expected is here and all own sends are complete.
bool drain_step() noexcept;
std::string drain_text();

// Takes the receives that nothing matches back from the library. Empty, or why not.
std::string park_receives();
// Puts them back in the order of posting.
bool repost_receives() noexcept;

}  // namespace cairn::p2p
