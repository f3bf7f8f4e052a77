// SPDX-License-Identifier: Apache-2.0
// A short text as plain data of fixed size: for structs that two halves or two programs share, also where there is no
// C++ runtime library. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace cairn {

template <std::size_t N>
struct FixedText {
  static constexpr std::size_t capacity = N - 1;

  char bytes[N] = {};  // NUL-terminated; what comes from elsewhere may lack that, so read it by view()

  constexpr FixedText() = default;
  constexpr FixedText(std::string_view text) { *this = text; }
  constexpr FixedText(const char* text) { *this = std::string_view(text); }
  // Cuts off what does not fit: ask `capacity` first where that matters.
  constexpr FixedText& operator=(std::string_view text) {
    for (std::size_t i = 0; i < N; ++i) bytes[i] = i < text.size() && i < capacity ? text[i] : '\0';
    return *this;
  }
  constexpr FixedText& operator=(const char* text) { return *this = std::string_view(text); }

  constexpr std::string_view view() const {
    std::size_t length = 0;
    while (length < N && bytes[length] != '\0') ++length;
    return {bytes, length};
  }
  const char* c_str() const { return bytes; }
  constexpr bool empty() const { return bytes[0] == '\0'; }
};

template <std::size_t N>
constexpr bool operator==(const FixedText<N>& a, std::string_view b) {
  return a.view() == b;
}

}  // namespace cairn
