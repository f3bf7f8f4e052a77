// SPDX-License-Identifier: Apache-2.0
// What a restart has made that outlasts processes: System V objects, names of message queues and of sockets. If the
// restart fails before the program goes on, it is removed again by the process that has made it. Ordinary code, one
// thread at a time.
#pragma once

#include <functional>

namespace cairn::state {

// `remove` does not throw.
void note_made(std::function<void()> remove);
// The restart has failed: the last one first. What the process has from the one that it was forked from is not its own.
void remove_made() noexcept;
// The program goes on, and it is the program's.
void keep_made() noexcept;

}  // namespace cairn::state
