// SPDX-License-Identifier: Apache-2.0
// Compresses and decompresses chunks with lz4 or zstd. What a compressor needs is allocated by its constructor, so
// that compress() works in a forked child. One thread each; decompress() any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/context/format.h"

namespace cairn::context {

enum class Compression : std::uint32_t { none = CAIRN_CTX_PLAIN, lz4 = CAIRN_CTX_LZ4, zstd = CAIRN_CTX_ZSTD };

// "none", "lz4", "zstd"; ArgumentError for anything else.
Compression parse_compression(std::string_view name);

class Compressor {
 public:
  // Throws EnvironmentError (no memory).
  Compressor(Compression method, int level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Bytes in `to`, or 0 if they would not be fewer than `from_bytes` - 4096: then it is not worth it.
  std::size_t compress(const void* from, std::size_t from_bytes, void* to) noexcept;
  // What `to` must have room for.
  static constexpr std::size_t room(std::size_t from_bytes) { return from_bytes + from_bytes / 128 + 4096; }

 private:
  Compression method_;
  int level_;
  void* state_ = nullptr;  // mapped: LZ4's state or zstd's workspace
  std::size_t state_bytes_ = 0;
  void* context_ = nullptr;  // ZSTD_CCtx within state_
};

// False unless exactly `to_bytes` come out. Safe on hostile input.
bool decompress(std::uint32_t method, const void* from, std::size_t from_bytes, void* to, std::size_t to_bytes);

}  // namespace cairn::context
