// SPDX-License-Identifier: Apache-2.0
// A copy that fork made has the program's memory, and the host's, but none of the host's threads, and whatever those
// were doing is left half done in the copy: their locks, libc's lists of threads. So the copy's half of the host is
// left alone. When somebody asks for a checkpoint of the copy, or it has more threads than
// the old host has room for, a second host is loaded beside it, as the kernel and ld.so loaded the first one, and takes
// its place while the threads of the program stand (docs/host-guest-table.md). Nothing of this costs a fork anything.
#pragma once

#include "core/state/extension.hpp"

namespace cairn::host {

inline constexpr const char kAdopt[] = "--cairn-adopt";

// The table's `adopt`, in the old host: makes the thread that loads the new one. Frozen-world code, with the guest's
// thread pointer, in the handler of a signal; returns at once. 0 or -errno.
int begin_adoption() noexcept;

// The new host, from main(): takes over, and is the thread that the program's main thread borrows from then on. If it
// cannot, the table says why, and the program goes on with the host that it has.
[[noreturn]] void adopt(Extension& extension) noexcept;

}  // namespace cairn::host
