// SPDX-License-Identifier: Apache-2.0
// The contents of the fences: little-endian integers and texts one after another. All ranks of a job run the same
// build; reading is bounds-checked all the same, and says so by a flag.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace cairn::crcp {

class Writer {
 public:
  void u8(std::uint8_t v) { bytes_.push_back(v); }
  void u32(std::uint32_t v) { raw(&v, sizeof v); }
  void u64(std::uint64_t v) { raw(&v, sizeof v); }
  void text(const std::string& s) {
    u32(static_cast<std::uint32_t>(s.size()));
    raw(s.data(), s.size());
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  void raw(const void* p, std::size_t n) {
    const auto* b = static_cast<const std::uint8_t*>(p);
    bytes_.insert(bytes_.end(), b, b + n);
  }
  std::vector<std::uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::string text() {
    const std::uint32_t n = u32();
    if (n > bytes_.size() - at_) {
      good_ = false;
      return {};
    }
    std::string s(reinterpret_cast<const char*>(bytes_.data()) + at_, n);
    at_ += n;
    return s;
  }
  bool good() const { return good_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  template <class T>
  T number() {
    T v{};
    if (sizeof v > bytes_.size() - at_) {
      good_ = false;
      return v;
    }
    std::memcpy(&v, bytes_.data() + at_, sizeof v);
    at_ += sizeof v;
    return v;
  }
  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace cairn::crcp
