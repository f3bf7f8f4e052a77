// SPDX-License-Identifier: Apache-2.0
// What the host uses of the processor while the guest stands is not the guest's. On the thread that takes the
// checkpoint, once for each pause; nobody of the guest may run in between, nor call these twice.
#pragma once

#include <cstdint>

#include "core/abi/host_table.h"

namespace cairn::state {

void guest_stands();
// Before it is released. Does nothing if it did not stand.
void guest_goes_on() noexcept;

// Of the process, with what it had used before a restart; as of the beginning of the pause, if there is one.
std::int64_t processor_time_of_guest();
cairn_usage usage_of_guest();

}  // namespace cairn::state
