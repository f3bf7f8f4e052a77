// SPDX-License-Identifier: Apache-2.0
// What a restarted guest's clocks are ahead of the kernel's: the functions of core/state/resident.hpp, and this.
// They are read in the vdso and by the table's functions: with the guest's thread pointer, no TLS, no libc. What they
// read is written before the guest runs, and again in a forked child, which has one thread.
#pragma once

#include <cstdint>
#include <ctime>

namespace cairn::host {

// What a clock says to the guest when it says `kernels`, in nanoseconds, to the kernel.
std::int64_t clock_of_guest(clockid_t clock, std::int64_t kernels) noexcept;

// A child begins with no processor time of its own.
void clocks_after_fork() noexcept;

}  // namespace cairn::host
