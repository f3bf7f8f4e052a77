// SPDX-License-Identifier: Apache-2.0
// How the state of a process is laid out in the sections of a context file: little-endian numbers of fixed width,
// strings and lists with a 32-bit count before them, no padding (docs/revive.md).
//
// A state is a struct with `template <class Archive> void fields(Archive& a) { a(member, member, ...); }`; the
// same description serves writing and reading. Decoder treats its input as hostile: it never reads beyond it,
// never allocates more than the input can fill, and throws PermanentError naming section and byte.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cairn {

template <class T>
inline constexpr bool is_number = std::is_integral_v<T> || std::is_enum_v<T>;

class Encoder {
 public:
  template <class... T>
  void operator()(T&... values) {
    (put(values), ...);
  }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  template <class T>
  void put(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      number(value ? 1 : 0, 1);
    } else if constexpr (is_number<T>) {
      number(static_cast<std::uint64_t>(value), sizeof(T));
    } else {
      value.fields(*this);
    }
  }
  void put(std::string& text);
  template <class T>
  void put(std::vector<T>& list) {
    number(list.size(), 4);
    for (T& element : list) put(element);
  }
  template <class T, std::size_t N>
  void put(std::array<T, N>& list) {
    for (T& element : list) put(element);
  }
  void number(std::uint64_t value, std::size_t bytes);

  std::vector<std::uint8_t> bytes_;
};

class Decoder {
 public:
  // `bytes` must outlive the decoder; `what` names the section in messages.
  Decoder(std::span<const std::uint8_t> bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  // Throws unless every byte has been read.
  void finish() const;
  [[noreturn]] void damaged(const std::string& why) const;

 private:
  template <class T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = number(1) != 0;
    } else if constexpr (is_number<T>) {
      value = static_cast<T>(number(sizeof(T)));
    } else {
      value.fields(*this);
    }
  }
  void get(std::string& text);
  template <class T>
  void get(std::vector<T>& list) {
    std::size_t count = length();  // every element takes a byte at least
    list.clear();
    for (std::size_t i = 0; i < count; ++i) get(list.emplace_back());
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& list) {
    for (T& element : list) get(element);
  }
  std::uint64_t number(std::size_t bytes);
  std::size_t length();

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::string what_;
};

template <class State>
std::vector<std::uint8_t> encode(State& state) {
  Encoder encoder;
  state.fields(encoder);
  return encoder.take();
}

template <class State>
State decode(std::span<const std::uint8_t> bytes, const std::string& what) {
  State state;
  Decoder decoder(bytes, what);
  state.fields(decoder);
  decoder.finish();
  return state;
}

}  // namespace cairn
