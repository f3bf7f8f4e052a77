// SPDX-License-Identifier: Apache-2.0
// What stands in for the guest's thread pointer in a light crossing, when these are checked (CAIRN_CROSSING=check): a
// record of a thread with nothing around it. Whoever touches thread-local state there faults, and is named; what is
// written into the record itself is found when the crossing ends.
#pragma once

#include <cstdint>

namespace cairn::host {

// Host's thread pointer, on a guest's thread. The thread pointer to be used; shows the guest's as its own address.
std::uint64_t stand_in_begin(std::uint64_t guest_fs) noexcept;
// Ends the process if something was written into the record.
void stand_in_end() noexcept;

}  // namespace cairn::host
