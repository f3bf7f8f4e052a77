// SPDX-License-Identifier: Apache-2.0
// The kernel's description of the extended register state in a signal frame, behind the legacy 512 bytes (struct
// _fpx_sw_bytes of asm/sigcontext.h). Frozen-world: no allocation.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <cstring>

namespace cairn::state {

// In `features` of a thread that has used an AMX tile.
inline constexpr int tile_data_bit = 18;
inline constexpr std::uint64_t tile_data = 1UL << tile_data_bit;

struct FrameShape {
  std::uint32_t size = 0;
  std::uint64_t features = 0;
};

// All zeros if the frame has no such description.
inline FrameShape shape_of(const ucontext_t& frame) noexcept {
  constexpr std::size_t kAt = 464;
  constexpr std::uint32_t kMagic = 0x46505853;
  struct {
    std::uint32_t magic, extended_size;
    std::uint64_t features;
    std::uint32_t size;
  } bytes;
  if (frame.uc_mcontext.fpregs == nullptr) return {};
  std::memcpy(&bytes, reinterpret_cast<const char*>(frame.uc_mcontext.fpregs) + kAt, sizeof bytes);
  if (bytes.magic != kMagic) return {};
  return {bytes.size, bytes.features};
}

}  // namespace cairn::state
