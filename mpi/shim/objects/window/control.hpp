// SPDX-License-Identifier: Apache-2.0
// What the members of a window tell each other: for each member one block with the lock of its part, the posts and
// completions that it has been told of, and the memory it has attached. On one node they lie in memory that all share.
// On several nodes each has its own block only, in its own memory, and the others change it by one-sided calls
// (real_side.hpp). Nobody is inside between a cut and what follows it: so each member keeps its own block over a
// restart as bytes (objects/window/rebuild.cpp). Calls are made in a section, but for those of connect.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi/shim/objects/window/packed_lock.hpp"
#include "mpi/shim/objects/window/segment.hpp"

namespace cairn::shim {

// A lock for one writer or many readers, in the order of their tickets. Of these as much counts as PackedLock knows: it
// may have become one in a restart, and this one again.
struct TicketLock {
  std::atomic<std::uint32_t> next, reading, writing;

  std::uint32_t take() noexcept { return next.fetch_add(1); }
  // Has its turn come? A reader lets the next one in.
  bool may_write(std::uint32_t ticket) const noexcept { return PackedLock::same(writing.load(), ticket); }
  bool may_read(std::uint32_t ticket) noexcept {
    if (!PackedLock::same(reading.load(), ticket)) return false;
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
  std::atomic<std::uint64_t> packed;     // the lock, of members on several nodes: a PackedLock
};

class Control {
 public:
  static constexpr int kRegions = 64;
  static std::size_t bytes(int members) noexcept { return static_cast<std::size_t>(members) * block_bytes(members); }

  bool map(int descriptor, int members) noexcept;
  // This member's block only, which others change from afar.
  void have_own(int members);
  void forget() noexcept { memory_.forget(); }

  ControlBlock& of(int member) const noexcept { return *reinterpret_cast<ControlBlock*>(block(member)); }
  Region* regions(int member) const noexcept { return regions_of(block(member)); }
  static Region* regions_of(void* block) noexcept {
    return reinterpret_cast<Region*>(static_cast<unsigned char*>(block) + sizeof(ControlBlock));
  }
  // [first, behind) is attached, as far as this block says.
  static bool is_attached(void* block, std::uint64_t first, std::uint64_t behind) noexcept;
  bool is_attached(int member, std::uint64_t first, std::uint64_t behind) const noexcept {
    return is_attached(block(member), first, behind);
  }
  // How often `by` has posted to / completed at `at`.
  std::atomic<std::uint32_t>& posts(int at, int by) const noexcept { return counters(at)[by]; }
  std::atomic<std::uint32_t>& completions(int at, int by) const noexcept { return counters(at)[members_ + by]; }

  // Where they lie in a block, which is alike at all members.
  static constexpr std::size_t kPackedAt = offsetof(ControlBlock, packed);
  static constexpr std::size_t kCountersAt = sizeof(ControlBlock) + kRegions * sizeof(Region);  // behind the regions
  std::size_t post_at(int by) const noexcept {
    return kCountersAt + sizeof(std::uint32_t) * static_cast<std::size_t>(by);
  }
  std::size_t completion_at(int by) const noexcept { return post_at(members_ + by); }
  std::size_t block_size() const noexcept { return block_bytes(members_); }
  void* own_block() const noexcept { return const_cast<unsigned char*>(own_.data()); }

  // All that is of this member, the same wherever the members are.
  std::vector<unsigned char> save(int member) const;
  void restore(int member, const std::vector<unsigned char>& saved) noexcept;

 private:
  static constexpr std::size_t kLine = 64;
  static std::size_t block_bytes(int members) noexcept;
  unsigned char* block(int member) const noexcept {
    if (!own_.empty()) return static_cast<unsigned char*>(own_block());
    return memory_.start() + static_cast<std::size_t>(member) * block_bytes(members_);
  }
  std::atomic<std::uint32_t>* counters(int at) const noexcept {
    return reinterpret_cast<std::atomic<std::uint32_t>*>(block(at) + kCountersAt);
  }

  HostMapping memory_;
  std::vector<unsigned char> own_;  // empty: all are in the shared memory
  int members_ = 0;
};

}  // namespace cairn::shim
