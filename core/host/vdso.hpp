// SPDX-License-Identifier: Apache-2.0
// The guest's vdso: a copy of the kernel's image in the fixed area whose entry points jump through a slot table,
// so that its address never changes while what it calls belongs to the present kernel.
#pragma once

#include <cstdint>

namespace cairn::host {

// Maps the copy at CAIRN_VDSO_ADDR. The fixed area must be reserved. Without a kernel vdso there is none.
void build_guest_vdso();
bool has_guest_vdso() noexcept;

// Added to what the guest reads from CLOCK_MONOTONIC (also _RAW, _COARSE) and CLOCK_BOOTTIME, in nanoseconds; for
// an image from another boot, so that stored times stay in the past. Zero costs nothing. Before the guest runs.
void set_clock_offset(std::int64_t nanoseconds) noexcept;
std::int64_t clock_offset() noexcept;

}  // namespace cairn::host
