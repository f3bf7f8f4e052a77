// SPDX-License-Identifier: Apache-2.0
// What programs without MPI want to know of the section that the MPI host adds to an image (CAIRN_CTX_EXTENSION): is it
// of a rank, and which one? The section is a record as pmix/transport/record.hpp writes it; its fields are the MPI
// host's (mpi/host/mpi_extension.cpp). Ordinary code.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/base/text.hpp"

namespace cairn {

class JobSection {
 public:
  // What is no such record says nothing.
  explicit JobSection(std::span<const std::uint8_t> bytes) : rest_(bytes) {
    for (std::uint32_t left = number<std::uint32_t>(); left > 0 && whole_; --left) {
      const std::string name = text(number<std::uint16_t>());
      fields_[name] = text(number<std::uint32_t>());
    }
  }

  // The rank, if MPI was initialised and not finalised.
  std::optional<std::uint64_t> rank() const {
    if (!whole_ || field("initialized") != "1" || field("finalized") == "1") return std::nullopt;
    return parse_number<std::uint64_t>(field("rank"));
  }

 private:
  std::string field(const std::string& name) const {
    const auto found = fields_.find(name);
    return found == fields_.end() ? std::string() : found->second;
  }
  std::string text(std::size_t length) {
    whole_ = whole_ && length <= rest_.size();
    if (!whole_) return {};
    const std::string result(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(length));
    rest_ = rest_.subspan(length);
    return result;
  }
  template <class T>
  T number() {  // little endian, as this machine's
    const std::string bytes = text(sizeof(T));
    T value = 0;
    if (whole_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  std::span<const std::uint8_t> rest_;
  std::map<std::string, std::string> fields_;
  bool whole_ = true;
};

}  // namespace cairn
