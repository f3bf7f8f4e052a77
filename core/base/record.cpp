// SPDX-License-Identifier: Apache-2.0
#include "core/base/record.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "core/base/error.hpp"

namespace cairn {
namespace {

constexpr std::uint32_t kMaxFields = 65536;

template <typename T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T number() {
    const std::string_view raw = take(sizeof(T));
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(raw[i])) << (8 * i)));
    }
    return value;
  }

  std::string_view take(std::size_t n) {
    if (n > rest_.size()) throw PermanentError("damaged message: a field reaches beyond its end");
    const std::string_view head = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return head;
  }

  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

Record& Record::set(const std::string& name, std::string value) {
  if (name.size() > std::numeric_limits<std::uint16_t>::max() ||
      value.size() > std::numeric_limits<std::uint32_t>::max()) {
    throw PermanentError("message field '" + name.substr(0, 32) + "' is too large");
  }
  fields_[name] = std::move(value);
  return *this;
}

Record& Record::set(const std::string& name, double value) {
  char text[48];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return set(name, std::string(text));
}

Record& Record::set(const std::string& name, std::uint64_t value) { return set(name, std::to_string(value)); }

std::string Record::get(const std::string& name, const std::string& fallback) const {
  const auto it = fields_.find(name);
  return it == fields_.end() ? fallback : it->second;
}

double Record::get_double(const std::string& name, double fallback) const {
  const std::string text = get(name);
  if (text.empty()) return fallback;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' ? value : fallback;
}

std::uint64_t Record::get_u64(const std::string& name, std::uint64_t fallback) const {
  const std::string text = get(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? value : fallback;
}

std::string Record::encode() const {
  std::string out;
  put(out, static_cast<std::uint32_t>(fields_.size()));
  for (const auto& [name, value] : fields_) {
    put(out, static_cast<std::uint16_t>(name.size()));
    out += name;
    put(out, static_cast<std::uint32_t>(value.size()));
    out += value;
  }
  return out;
}

Record Record::decode(std::string_view bytes) {
  Cursor cursor(bytes);
  const auto count = cursor.number<std::uint32_t>();
  if (count > kMaxFields) throw PermanentError("damaged message: too many fields");
  Record record;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name(cursor.take(cursor.number<std::uint16_t>()));
    const std::uint32_t length = cursor.number<std::uint32_t>();
    record.fields_[name] = std::string(cursor.take(length));
  }
  if (!cursor.empty()) throw PermanentError("damaged message: bytes behind its last field");
  return record;
}

}  // namespace cairn
