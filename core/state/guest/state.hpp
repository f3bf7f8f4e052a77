// SPDX-License-Identifier: Apache-2.0
// Where the guest's half of the conversation (core/abi/guest_table.h) is, as captured and revived. Plain values.
#pragma once

#include <cstdint>

namespace cairn::state {

struct GuestState {
  static constexpr const char* section_name = "guest";
  std::uint64_t address = 0;  // of struct cairn_guest
  std::uint32_t abi_version = 0, abi_size = 0;
  std::uint32_t epoch = 0;
  std::uint64_t generation = 0;  // of the table that it was saved under
  std::uint64_t table_size = 0;
  std::int64_t clock_offset = 0;  // nanoseconds added to its monotonic clock; the section CLOCKS says more

  template <class Archive>
  void fields(Archive& a) {
    a(address, abi_version, abi_size, epoch, generation, table_size, clock_offset);
  }
};

}  // namespace cairn::state
