// SPDX-License-Identifier: Apache-2.0
// The guest's vdso: an image of our own in the fixed area, with entry points that call through slots. So their
// addresses are the same under every kernel, while what they call belongs to the present one.
#pragma once

#include <cstdint>

namespace cairn::host {

// Maps it at CAIRN_VDSO_ADDR. The fixed area must be reserved. What the kernel's vdso lacks becomes system calls.
void build_guest_vdso();

// What the entries call is the kernel's: part of the above, and for a host that takes over the area of another.
void bind_guest_vdso() noexcept;

// A thread that reads a clock while this word is not zero stops behind that. Null: none yet. No TLS, no libc.
void set_stop_word(const std::uint32_t* word) noexcept;

}  // namespace cairn::host
