// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/packed_lock.hpp"

#include <gtest/gtest.h>

namespace cairn::shim {
namespace {

// A member's word, and those who add to it.
struct Lock {
  std::uint64_t word = 0;

  std::uint32_t take() {
    const std::uint32_t ticket = PackedLock::ticket(word);
    word += PackedLock::kTake;
    if (ticket == PackedLock::kMask) word += PackedLock::kTakeBack;
    return ticket;
  }
  bool may_read(std::uint32_t ticket) const { return PackedLock::same(PackedLock::reading(word), ticket); }
  bool may_write(std::uint32_t ticket) const { return PackedLock::same(PackedLock::writing(word), ticket); }
  void begin_reading(std::uint32_t ticket) { word += PackedLock::next_reader(ticket); }
  void read() { word += PackedLock::kNextWriter; }
  void written(std::uint32_t ticket) { word += PackedLock::next_reader(ticket) + PackedLock::kNextWriter; }
};

TEST(PackedLock, ReadersAreInTogetherAndAWriterWaitsForAllOfThem) {
  Lock lock;
  const auto first = lock.take(), second = lock.take(), writer = lock.take(), third = lock.take();
  ASSERT_TRUE(lock.may_read(first));
  EXPECT_FALSE(lock.may_read(second));
  lock.begin_reading(first);
  ASSERT_TRUE(lock.may_read(second));
  lock.begin_reading(second);
  EXPECT_FALSE(lock.may_read(third));
  lock.read();
  EXPECT_FALSE(lock.may_write(writer));
  lock.read();
  ASSERT_TRUE(lock.may_write(writer));
  EXPECT_FALSE(lock.may_read(third));
  lock.written(writer);
  EXPECT_TRUE(lock.may_read(third));
}

TEST(PackedLock, CountsOnWhenTheTicketsBeginAnew) {
  Lock lock;
  constexpr std::uint32_t kLast = PackedLock::kMask - 2;
  lock.word = PackedLock::pack(kLast, kLast, kLast);
  for (int i = 0; i < 8; ++i) {
    const auto reader = lock.take(), writer = lock.take(), later = lock.take();
    ASSERT_TRUE(lock.may_read(reader)) << i;
    lock.begin_reading(reader);
    ASSERT_FALSE(lock.may_write(writer)) << i;
    lock.read();
    ASSERT_TRUE(lock.may_write(writer)) << i;
    ASSERT_FALSE(lock.may_read(later)) << i;
    lock.written(writer);
    ASSERT_TRUE(lock.may_read(later)) << i;
    lock.begin_reading(later);
    lock.read();
  }
}

TEST(PackedLock, CountsOnInEveryField) {
  Lock lock;
  for (std::uint32_t i = 0; i <= 2 * PackedLock::kMask + 5; ++i) {
    const auto ticket = lock.take();
    ASSERT_EQ(ticket, i & PackedLock::kMask);
    ASSERT_TRUE(lock.may_write(ticket)) << i;
    lock.written(ticket);
  }
}

}  // namespace
}  // namespace cairn::shim
