// SPDX-License-Identifier: Apache-2.0
// Descriptors that processes hand to one that was forked from the same process as they. Made in that one; everybody
// inherits it, and who sends and who receives then use their own copies. Ordinary code of a program with one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/unique_fd.hpp"

namespace cairn::group {

class DescriptorInbox {
 public:
  DescriptorInbox();
  // Before anybody forks: one more will come.
  void expect_one() noexcept { ++expected_; }
  // `name` tells which it is. Waits while the receiver has too many to take. Throws EnvironmentError.
  void send(std::uint32_t name, int fd) const;
  // This process sends no more.
  void close_sending() noexcept { sending_.reset(); }
  // As many as are expected, with their names. Throws EnvironmentError, also when nobody is left to send.
  std::vector<std::pair<std::uint32_t, UniqueFd>> receive_all() const;

 private:
  UniqueFd sending_, receiving_;
  std::size_t expected_ = 0;
};

}  // namespace cairn::group
