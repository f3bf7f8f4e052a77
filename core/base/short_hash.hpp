// SPDX-License-Identifier: Apache-2.0
// A short hash (FNV-1a) for what only has to be told from something else, and need not withstand anybody.
#pragma once

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cairn {

inline std::uint32_t short_hash(std::span<const std::uint8_t> bytes) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 16777619U;
  return hash;
}

inline std::uint32_t short_hash(std::string_view text) noexcept {
  return short_hash(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

// In hexadecimal: a word of a longer text.
template <class Bytes>
std::string short_hash_word(const Bytes& bytes) {
  char word[8];
  return {word, std::to_chars(word, word + sizeof word, short_hash(bytes), 16).ptr};
}

}  // namespace cairn
