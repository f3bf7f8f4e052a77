// SPDX-License-Identifier: Apache-2.0
// Ended processes that are made again: what is left of them is how they ended. Ordinary code of a program with one
// thread.
#pragma once

namespace cairn {

// Ends this process so that wait() tells `status` of it, but for a core file.
[[noreturn]] void end_as(int status);

}  // namespace cairn
