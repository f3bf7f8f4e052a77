// SPDX-License-Identifier: Apache-2.0
// What a window of the shim's stands on where its members are on several nodes: two windows of the real library, one
// over the program's memory and one over the words that the members tell each other (control.hpp). Both are in one
// passive epoch, without locks, from their creation to their end: the epochs of the program are states in its own
// memory, so the library never holds one. A restart makes both again over the same memory.
//
// Ownership: of a LocalWindow, while its members are on several nodes. Threads: one at a time. What enters the library
// may wait for the other member's progress, so a call stands inside (crcp::inside_begin()), at a door, or is made by
// the callback thread between F3 and F4, where all ranks let the library work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

class LocalWindow;

class RealSide {
 public:
  explicit RealSide(int members);
  RealSide(const RealSide&) = delete;
  RealSide& operator=(const RealSide&) = delete;

  // Collective, behind the door: an MPI error code. Memory that is attached is so again.
  int open(const LocalWindow& window);
  // The same; nothing is under way any more when it returns.
  int close();

  // The program's memory, to give a real call; `target` will have to be flushed.
  RealWin* reach(int target) noexcept;
  RealWin* memory() const noexcept { return memory_; }
  // What this rank has begun at the target, or at all, is done there.
  int flush(int target) noexcept;
  int flush_all() noexcept;
  // The memory of all operations that this rank has begun is its own again, whatever their targets: osc/pt2pt waits for
  // all in any case, but sends only to the target that it is asked for what the others wait for.
  int flush_local() noexcept;
  // The words too: what follows may find nothing under way.
  void settle() noexcept;

  // Words of a member, at an offset in its block. What was there before: it is waited for.
  int fetch_add(int target, std::size_t offset, std::uint64_t more, std::uint64_t* before) noexcept;
  // On its way when this returns.
  int add(int target, std::size_t offset, std::uint64_t more) noexcept;
  int add_one(int target, std::size_t offset) noexcept;  // to a word of 32 bits
  // The memory that the target has attached. An answer is kept: what was attached is so until the target detaches it.
  int ask_attached(int target, std::uint64_t first, std::uint64_t behind) noexcept;
  // What was on its way to the target has arrived.
  int flush_words(int target) noexcept;

 private:
  int send_words(int target) noexcept;

  RealWin* memory_ = nullptr;
  RealWin* words_ = nullptr;
  std::vector<bool> used_, told_;                     // targets with something under way
  std::vector<std::vector<std::uint64_t>> attached_;  // their blocks, up to the counters, once they have been asked
};

}  // namespace cairn::shim
