// SPDX-License-Identifier: Apache-2.0
// The members of structs with fields() as text, and back: what records, command lines and environment variables carry.
// Ordinary code.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/fixed_text.hpp"

namespace cairn {

template <class T>
struct is_fixed_text : std::false_type {};
template <std::size_t N>
struct is_fixed_text<FixedText<N>> : std::true_type {};

// Enumerations have a names_of(value), whose `names` are those of 0, 1, ...
template <class T>
std::string to_text(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (is_fixed_text<T>::value) {
    return std::string(value.view());
  } else if constexpr (std::is_enum_v<T>) {
    const auto known = names_of(value);
    const auto i = static_cast<std::size_t>(value);
    return i < std::size(known.names) ? known.names[i] : std::to_string(i);
  } else if constexpr (std::is_floating_point_v<T>) {
    char text[48];
    std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
    return text;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "1" : "0";
  } else {
    return std::to_string(value);
  }
}

// False, and `value` as it was, if the text is no such value.
template <class T>
bool from_text(std::string_view text, T& value) {
  const char* const end = text.data() + text.size();
  if constexpr (std::is_same_v<T, std::string>) {
    value = text;
    return true;
  } else if constexpr (is_fixed_text<T>::value) {
    if (text.size() > T::capacity) return false;
    value = text;
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    const auto known = names_of(value);
    for (std::size_t i = 0; i < std::size(known.names); ++i) {
      if (text != known.names[i]) continue;
      value = static_cast<T>(i);
      return true;
    }
    return false;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (text != "0" && text != "1") return false;
    value = text == "1";
    return true;
  } else {
    T read{};
    const auto [stop, error] = std::from_chars(text.data(), end, read);
    if (text.empty() || error != std::errc() || stop != end) return false;
    value = read;
    return true;
  }
}

}  // namespace cairn
