// SPDX-License-Identifier: Apache-2.0
// A file that becomes the copy of another: where that has nothing but zeros it has holes, so that a large file with
// little in it does not fill a disk, or memory. Ordinary code.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/write_all.hpp"
#include "core/context/zero.hpp"

namespace cairn::context {

class SparseCopy {
 public:
  // What the file `to` has had is gone. `name` is for messages. Throws EnvironmentError.
  SparseCopy(int to, std::uint64_t size, std::string name) : to_(to), name_(std::move(name)) {
    if (ftruncate(to_, 0) != 0 || ftruncate(to_, static_cast<off_t>(size)) != 0)
      throw EnvironmentError(with_errno("cannot write " + name_, errno));
  }

  // `bytes` are those at `offset`; each place at most once. Throws EnvironmentError.
  void write(const void* bytes, std::size_t length, std::uint64_t offset) const {
    const auto* const from = static_cast<const char*>(bytes);
    const auto is_hole = [&](std::size_t at) { return is_zero(from + at, std::min(kBlock, length - at)); };
    for (std::size_t at = 0; at < length;) {
      std::size_t end = at;
      while (end < length && !is_hole(end)) end = std::min(end + kBlock, length);
      if (end != at) pwrite_all(to_, from + at, end - at, offset + at, name_);
      at = std::min(end + kBlock, length);  // what is at the end has nothing in it
    }
  }

 private:
  static constexpr std::size_t kBlock = 4096;
  int to_;
  std::string name_;
};

}  // namespace cairn::context
