// SPDX-License-Identifier: Apache-2.0
// Is this page all zeros? A page with anything in it is usually told by its first words; a page of zeros costs
// one pass at memory speed. Allocation-free, any thread; the memory must be readable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cairn::context {

inline bool is_zero(const void* memory, std::size_t bytes) {
  const auto* word = static_cast<const unsigned char*>(memory);
  constexpr std::size_t kBlock = 256;
  // Four words first, spread over the page: most pages with content end here.
  for (std::size_t i = 0; i + 8 <= bytes; i += bytes / 4 + 8) {
    std::uint64_t w;
    std::memcpy(&w, word + (i & ~std::size_t{7}), 8);
    if (w != 0) return false;
  }
  std::size_t at = 0;
  for (; at + kBlock <= bytes; at += kBlock) {
    std::uint64_t any = 0;  // the compiler makes vector instructions of this
    for (std::size_t i = 0; i < kBlock; i += 8) {
      std::uint64_t w;
      std::memcpy(&w, word + at + i, 8);
      any |= w;
    }
    if (any != 0) return false;
  }
  for (; at < bytes; ++at) {
    if (word[at] != 0) return false;
  }
  return true;
}

}  // namespace cairn::context
