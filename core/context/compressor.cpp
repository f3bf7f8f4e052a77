// SPDX-License-Identifier: Apache-2.0
#include "core/context/compressor.hpp"

#include <errno.h>
#include <lz4.h>
#include <sys/mman.h>
#define ZSTD_STATIC_LINKING_ONLY  // for a context in memory of our own
#include <zstd.h>

#include <string>

#include "core/base/error.hpp"

namespace cairn::context {

Compression parse_compression(std::string_view name) {
  if (name == "none") return Compression::none;
  if (name == "lz4") return Compression::lz4;
  if (name == "zstd") return Compression::zstd;
  throw ArgumentError("unknown compression \"" + std::string(name) + "\": none, lz4 or zstd");
}

Compressor::Compressor(Compression method, int level) : method_(method), level_(level) {
  if (method == Compression::none) return;
  state_bytes_ =
      method == Compression::lz4 ? static_cast<std::size_t>(LZ4_sizeofState()) : ZSTD_estimateCCtxSize(level);
  state_ = mmap(nullptr, state_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (state_ == MAP_FAILED) {
    state_ = nullptr;
    throw EnvironmentError(with_errno("no memory for compression", errno));
  }
  if (method == Compression::zstd) context_ = ZSTD_initStaticCCtx(state_, state_bytes_);
}

Compressor::~Compressor() {
  if (state_ != nullptr) munmap(state_, state_bytes_);
}

std::size_t Compressor::compress(const void* from, std::size_t from_bytes, void* to) noexcept {
  if (method_ == Compression::none || from_bytes <= CAIRN_CTX_PAGE) return 0;
  const std::size_t limit = from_bytes - CAIRN_CTX_PAGE;
  if (method_ == Compression::lz4) {
    const int n = LZ4_compress_fast_extState(state_, static_cast<const char*>(from), static_cast<char*>(to),
                                             static_cast<int>(from_bytes), static_cast<int>(limit), 1);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  const std::size_t n =
      ZSTD_compressCCtx(static_cast<ZSTD_CCtx*>(context_), to, room(from_bytes), from, from_bytes, level_);
  return ZSTD_isError(n) || n > limit ? 0 : n;
}

bool decompress(std::uint32_t method, const void* from, std::size_t from_bytes, void* to, std::size_t to_bytes) {
  if (method == CAIRN_CTX_LZ4) {
    const int n = LZ4_decompress_safe(static_cast<const char*>(from), static_cast<char*>(to),
                                      static_cast<int>(from_bytes), static_cast<int>(to_bytes));
    return n >= 0 && static_cast<std::size_t>(n) == to_bytes;
  }
  if (method == CAIRN_CTX_ZSTD) return ZSTD_decompress(to, to_bytes, from, from_bytes) == to_bytes;
  return false;
}

}  // namespace cairn::context
