// SPDX-License-Identifier: Apache-2.0
// The epochs of one member of a window: what it has begun as an origin, and as a target. In the guest's memory;
// the words that members share are in control.hpp. Changed in sections, but for what a call that several threads may
// not make at a time says of its own: fences, and start, complete, post and wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace cairn::shim {

// awaited: a thread waits for it; from `shared` on it is there.
enum class Held : std::uint8_t { nothing, awaited, shared, exclusive, unchecked };

struct Epoch {
  explicit Epoch(int members)
      : held(static_cast<std::size_t>(members), Held::nothing),
        tickets(static_cast<std::size_t>(members)),
        posts_seen(static_cast<std::size_t>(members)),
        completions_seen(static_cast<std::size_t>(members)) {}

  bool fenced = false;            // a fence has begun an epoch ...
  std::atomic<bool> used{false};  // ... in which there have been operations

  bool started = false;
  bool awaits_posts = false;  // not with MPI_MODE_NOCHECK
  std::vector<int> targets;   // of MPI_Win_start

  bool exposed = false;
  std::vector<int> origins;  // of MPI_Win_post

  bool all = false;  // MPI_Win_lock_all: a target is locked when it is first used
  bool all_unchecked = false;
  std::atomic<int> locks{0};  // of MPI_Win_lock
  std::vector<Held> held;
  std::vector<std::uint32_t> tickets;  // of the locks that are held

  std::vector<std::uint32_t> posts_seen, completions_seen;

  bool is_passive() const noexcept { return all || locks != 0; }
  // No epoch of another kind may begin.
  bool is_busy() const noexcept { return is_passive() || started || (fenced && used); }
};

}  // namespace cairn::shim
