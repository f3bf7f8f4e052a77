// SPDX-License-Identifier: Apache-2.0
#include "core/base/codec.hpp"

#include "core/base/error.hpp"

namespace cairn {

void Encoder::put(std::string& text) {
  number(text.size(), 4);
  bytes_.insert(bytes_.end(), text.begin(), text.end());
}

void Encoder::number(std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void Decoder::finish() const {
  if (at_ != bytes_.size()) damaged(std::to_string(bytes_.size() - at_) + " bytes too many");
}

void Decoder::damaged(const std::string& why) const {
  throw PermanentError("section '" + what_ + "' of the context file is damaged at byte " + std::to_string(at_) + ": " +
                       why);
}

std::uint64_t Decoder::number(std::size_t bytes) {
  if (bytes_.size() - at_ < bytes) damaged("it ends too early");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(bytes_[at_ + i]) << (8 * i);
  at_ += bytes;
  return value;
}

std::size_t Decoder::length() {
  std::size_t count = number(4);
  if (count > bytes_.size() - at_) damaged("a list or string of " + std::to_string(count) + " does not fit");
  return count;
}

void Decoder::get(std::string& text) {
  std::size_t count = length();
  text.assign(reinterpret_cast<const char*>(bytes_.data()) + at_, count);
  at_ += count;
}

}  // namespace cairn
