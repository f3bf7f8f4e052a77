// SPDX-License-Identifier: Apache-2.0
// Structs with fields() that came as plain bytes from another process: are the bytes values of the members' types? A
// bool that is neither 0 nor 1, or an enumeration without a name, must not be looked at otherwise. Any thread; also
// where there is no C++ runtime library.
#pragma once

#include <cstring>
#include <iterator>
#include <type_traits>

#include "core/base/fixed_text.hpp"

namespace cairn {

class ValueCheck {
 public:
  template <class Field, class T>
  void operator()(const Field&, const T& value) {
    good_ = good_ && is_value(value);
  }
  bool good() const { return good_; }

 private:
  template <std::size_t N>
  static bool is_value(const FixedText<N>& text) {
    return text.bytes[N - 1] == '\0';
  }
  template <class T>
  static bool is_value(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      unsigned char byte = 0;
      std::memcpy(&byte, &value, sizeof byte);
      return byte <= 1;
    } else if constexpr (std::is_enum_v<T>) {
      return static_cast<std::size_t>(value) < std::size(names_of(value).names);
    } else if constexpr (std::is_floating_point_v<T>) {
      return value >= 0 && value - value == 0;  // all are durations: not negative, and neither infinite nor no number
    } else {
      return true;
    }
  }
  bool good_ = true;
};

template <class Struct>
bool are_values(const Struct& bytes) {
  ValueCheck check;
  const_cast<Struct&>(bytes).fields(check);  // which only hands the members out
  return check.good();
}

}  // namespace cairn
