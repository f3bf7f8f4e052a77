// SPDX-License-Identifier: Apache-2.0
#include "core/state/guest/kind.hpp"

namespace cairn::state {

std::vector<std::uint8_t> capture_guest(Capture& capture) {
  GuestState state;
  state.address = reinterpret_cast<std::uint64_t>(&capture.guest);
  state.abi_version = capture.guest.version;
  state.abi_size = capture.guest.size;
  state.epoch = capture.epoch;
  state.generation = CAIRN_TABLE->generation;
  state.table_size = CAIRN_TABLE->size;
  state.clock_offset = host::boot_clocks_ahead().monotonic;
  return encode(state);
}

}  // namespace cairn::state
