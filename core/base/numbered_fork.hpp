// SPDX-License-Identifier: Apache-2.0
// Processes that are made with the number that they had. Ordinary code of a program with one thread.
#pragma once

#include <sys/types.h>

#include <span>

namespace cairn {

// As fork(), with this number if that is not 0, permitted and free; else with any, or, if it has to be that one, -1 and
// errno. In the child libc's locks are as they were: for programs with one thread.
pid_t fork_as(pid_t number, bool only_that_number);

// The same, with that number or none (0: any), but the child is one of this process's parent.
pid_t fork_beside(pid_t number);
// Whether this process may give others all of these numbers: it has the right, and they are free. Waits a moment for
// processes that are ending.
bool may_give_numbers(std::span<const pid_t> numbers);

inline constexpr char needs_numbers[] =
    "; the processes of a tree know each other by their numbers. Restart it when the number is free, as somebody who "
    "may choose numbers (root, CAP_CHECKPOINT_RESTORE), or, if the programs do not care, with --no-restore-pid";
inline constexpr char may_have_namespace[] = "; or with --pid-namespace=always";  // for commands that know it

}  // namespace cairn
