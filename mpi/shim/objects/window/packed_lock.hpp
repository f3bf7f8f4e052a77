// SPDX-License-Identifier: Apache-2.0
// The lock of a member whose window has members on several nodes, as arithmetic on its word: who wants it adds to the
// word from afar, once if it is free, and looks at what was there before. Pure: no MPI.
#pragma once

#include <cstdint>

namespace cairn::shim {

// A lock for one writer or many readers, in the order of their tickets, in one word. Each field is 20 bits wide and has
// room above it for a carry; the highest one's falls off.
struct PackedLock {
  static constexpr std::uint64_t kMask = 0xfffff;
  static constexpr int kReading = 21, kWriting = 42;

  static constexpr bool same(std::uint32_t a, std::uint32_t b) noexcept { return ((a ^ b) & kMask) == 0; }
  static constexpr std::uint32_t ticket(std::uint64_t word) noexcept { return word & kMask; }
  static constexpr std::uint32_t reading(std::uint64_t word) noexcept { return word >> kReading & kMask; }
  static constexpr std::uint32_t writing(std::uint64_t word) noexcept { return word >> kWriting & kMask; }
  static constexpr std::uint64_t pack(std::uint32_t next, std::uint32_t reading, std::uint32_t writing) noexcept {
    return (next & kMask) | (reading & kMask) << kReading | (writing & kMask) << kWriting;
  }
  // What is added to take a ticket, and what to that when it was the last one before they begin anew.
  static constexpr std::uint64_t kTake = 1, kTakeBack = ~kMask;
  // What is added by whoever lets the next reader in; the field is known to be `now`.
  static constexpr std::uint64_t next_reader(std::uint32_t now) noexcept {
    return now == kMask ? (std::uint64_t{1} << kReading) - (std::uint64_t{1} << (kReading + 20))
                        : std::uint64_t{1} << kReading;
  }
  static constexpr std::uint64_t kNextWriter = std::uint64_t{1} << kWriting;
};

}  // namespace cairn::shim
