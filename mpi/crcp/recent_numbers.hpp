// SPDX-License-Identifier: Apache-2.0
// The last so many numbers that were added; asking costs the same however many they are. Not locked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

namespace cairn::crcp {

class RecentNumbers {
 public:
  explicit RecentNumbers(std::size_t most) : most_(most) {}

  // One that was added twice is forgotten when the later one is.
  void add(std::uint64_t number) {
    order_.push_back(number);
    ++times_[number];
    if (order_.size() > most_) forget_oldest();
  }
  bool has(std::uint64_t number) const noexcept { return times_.count(number) != 0; }
  void clear() noexcept {
    order_.clear();
    times_.clear();
  }

 private:
  void forget_oldest() {
    const auto oldest = times_.find(order_.front());
    if (--oldest->second == 0) times_.erase(oldest);
    order_.pop_front();
  }

  const std::size_t most_;
  std::deque<std::uint64_t> order_;
  std::unordered_map<std::uint64_t, std::size_t> times_;
};

}  // namespace cairn::crcp
