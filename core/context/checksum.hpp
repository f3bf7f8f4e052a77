// SPDX-License-Identifier: Apache-2.0
// The checksums of the context file. Allocation-free, any thread, also in a forked child.
#pragma once

#define XXH_STATIC_LINKING_ONLY  // for states that are not allocated
#include <xxhash.h>

#include <cstddef>
#include <cstdint>

namespace cairn::context {

inline std::uint64_t checksum64(const void* data, std::size_t size) { return XXH64(data, size, 0); }

// XXH64 of something that comes in pieces.
class Checksum64 {
 public:
  Checksum64() { XXH64_reset(&state_, 0); }
  void update(const void* data, std::size_t size) { XXH64_update(&state_, data, size); }
  std::uint64_t value() const { return XXH64_digest(&state_); }

 private:
  XXH64_state_t state_;
};

}  // namespace cairn::context
