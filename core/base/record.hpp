// SPDX-License-Identifier: Apache-2.0
// A small message: named strings in a bounded binary encoding. Used on the coordinator's link, in log entries, in
// the results that ranks gather, in what tools ask of the coordinator, and in the section that the MPI host adds to an
// image.
//
// Encoding, little endian: u32 count, then per field u16 name length, name, u32 value length, value. Decoding treats
// its input as hostile: at most 65536 fields, no field beyond the end, nothing behind the last one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cairn {

class Record {
 public:
  Record() = default;
  explicit Record(std::string type) { set("type", std::move(type)); }

  std::string type() const { return get("type"); }
  bool has(const std::string& name) const { return fields_.count(name) != 0; }

  Record& set(const std::string& name, std::string value);
  Record& set(const std::string& name, const char* value) { return set(name, std::string(value)); }
  Record& set(const std::string& name, double value);
  Record& set(const std::string& name, std::uint64_t value);
  Record& set(const std::string& name, int value) { return set(name, static_cast<std::uint64_t>(value)); }
  Record& set(const std::string& name, bool value) { return set(name, static_cast<std::uint64_t>(value)); }

  // Missing fields read as `fallback`; numbers that are none, too.
  std::string get(const std::string& name, const std::string& fallback = {}) const;
  double get_double(const std::string& name, double fallback = 0) const;
  std::uint64_t get_u64(const std::string& name, std::uint64_t fallback = 0) const;
  bool get_bool(const std::string& name) const { return get_u64(name) != 0; }

  const std::map<std::string, std::string>& fields() const { return fields_; }

  std::string encode() const;
  // Throws PermanentError when `bytes` is not exactly one record.
  static Record decode(std::string_view bytes);

 private:
  std::map<std::string, std::string> fields_;
};

}  // namespace cairn
