// SPDX-License-Identifier: Apache-2.0
// What the members of a window tell each other in shared memory: for each member one block with the lock of its part,
// the posts and completions that it has been told of, and the memory it has attached. Nobody is inside between a cut
// and what follows it: so each member keeps its own block over a restart as bytes (objects/window/rebuild.cpp). Calls
// are made in a section, but for those of connect.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "mpi/shim/objects/window/segment.hpp"

namespace cairn::shim {

// A lock for one writer or many readers, in the order of their tickets.
struct TicketLock {
  std::atomic<std::uint32_t> next, reading, writing;

  std::uint32_t take() noexcept { return next.fetch_add(1); }
  // Has its turn come? A reader lets the next one in.
  bool may_write(std::uint32_t ticket) const noexcept { return writing.load() == ticket; }
  bool may_read(std::uint32_t ticket) noexcept {
    if (reading.load() != ticket) return false;
    reading.fetch_add(1);
    return true;
  }
  void written() noexcept {
    reading.fetch_add(1);
    writing.fetch_add(1);
  }
  void read() noexcept { writing.fetch_add(1); }
};

// Memory attached to a dynamic window.
struct Region {
  std::atomic<std::uint64_t> start, bytes;  // 0 bytes: none
};

struct ControlBlock {
  TicketLock lock;
  std::atomic<std::uint32_t> busy;       // an accumulate is under way
  std::atomic<std::uint32_t> uncounted;  // more memory is attached than there is room for: nobody knows where
  std::atomic<std::uint32_t> standing;   // its process stands, or is about to
  std::uint32_t unused[2];
};

class Control {
 public:
  static constexpr int kRegions = 64;
  static std::size_t bytes(int members) noexcept { return static_cast<std::size_t>(members) * block_bytes(members); }

  bool map(int descriptor, int members) noexcept;
  void forget() noexcept { memory_.forget(); }

  ControlBlock& of(int member) const noexcept { return *reinterpret_cast<ControlBlock*>(block(member)); }
  Region* regions(int member) const noexcept { return reinterpret_cast<Region*>(block(member) + sizeof(ControlBlock)); }
  // How often `by` has posted to / completed at `at`.
  std::atomic<std::uint32_t>& posts(int at, int by) const noexcept { return counters(at)[by]; }
  std::atomic<std::uint32_t>& completions(int at, int by) const noexcept { return counters(at)[members_ + by]; }

  // All that is of this member.
  std::vector<unsigned char> save(int member) const;
  void restore(int member, const std::vector<unsigned char>& saved) noexcept;

 private:
  static constexpr std::size_t kLine = 64;
  static std::size_t block_bytes(int members) noexcept;
  unsigned char* block(int member) const noexcept {
    return memory_.start() + static_cast<std::size_t>(member) * block_bytes(members_);
  }
  std::atomic<std::uint32_t>* counters(int at) const noexcept {
    return reinterpret_cast<std::atomic<std::uint32_t>*>(block(at) + sizeof(ControlBlock) + kRegions * sizeof(Region));
  }

  HostMapping memory_;
  int members_ = 0;
};

}  // namespace cairn::shim
