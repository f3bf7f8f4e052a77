// SPDX-License-Identifier: Apache-2.0
// Changes a context file's tables and makes all checksums right again: what a hostile writer would do.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "tests/unit/core/context/support.hpp"

namespace cairn::test {

class Forger {
 public:
  explicit Forger(Bytes bytes) : bytes_(std::move(bytes)) {
    std::memcpy(&trailer_, bytes_.data() + bytes_.size() - kPage, sizeof trailer_);
    std::memcpy(&header_, bytes_.data(), sizeof header_);
    index_.resize(trailer_.index_count);
    std::memcpy(index_.data(), bytes_.data() + trailer_.index_offset, index_.size() * sizeof index_[0]);
  }

  cairn_ctx_header& header() { return header_; }
  cairn_ctx_trailer& trailer() { return trailer_; }
  cairn_ctx_section& section(std::uint32_t type) {
    for (auto& s : index_) {
      if (s.type == type) return s;
    }
    throw std::runtime_error("no such section");
  }
  template <typename Record>
  Record& record(std::uint32_t type, std::size_t i) {
    return *reinterpret_cast<Record*>(bytes_.data() + section(type).offset + i * sizeof(Record));
  }
  cairn_ctx_area& area(std::size_t i) { return record<cairn_ctx_area>(CAIRN_CTX_AREAS, i); }
  cairn_ctx_object& object(std::size_t i) { return record<cairn_ctx_object>(CAIRN_CTX_OBJECTS, i); }
  cairn_ctx_chunk& chunk(std::size_t i) { return record<cairn_ctx_chunk>(CAIRN_CTX_CHUNKS, i); }
  cairn_ctx_run& run(std::size_t i) { return record<cairn_ctx_run>(CAIRN_CTX_RUNS, i); }
  Bytes& bytes() { return bytes_; }

  // With `sections` false the checksums of the sections stay as they are.
  Bytes seal(bool sections = true) {
    header_.checksum = XXH64(&header_, offsetof(cairn_ctx_header, checksum), 0);
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    for (auto& s : index_) {
      if (sections && s.offset + s.length <= bytes_.size()) s.checksum = XXH64(bytes_.data() + s.offset, s.length, 0);
    }
    std::memcpy(bytes_.data() + trailer_.index_offset, index_.data(), index_.size() * sizeof index_[0]);
    trailer_.index_checksum = XXH64(index_.data(), index_.size() * sizeof index_[0], 0);
    trailer_.header_checksum = header_.checksum;
    trailer_.checksum = XXH64(&trailer_, offsetof(cairn_ctx_trailer, checksum), 0);
    std::memcpy(bytes_.data() + bytes_.size() - kPage, &trailer_, sizeof trailer_);
    return bytes_;
  }

 private:
  Bytes bytes_;
  cairn_ctx_header header_;
  cairn_ctx_trailer trailer_;
  std::vector<cairn_ctx_section> index_;
};

}  // namespace cairn::test
