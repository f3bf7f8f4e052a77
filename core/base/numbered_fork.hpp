// SPDX-License-Identifier: Apache-2.0
// Processes that are made with the number that they had. Ordinary code of a program with one thread.
#pragma once

#include <sys/types.h>

namespace cairn {

// As fork(), with this number if that is not 0, permitted and free; else with any, or, if it has to be that one, -1 and
// errno. In the child libc's locks are as they were: for programs with one thread.
pid_t fork_as(pid_t number, bool only_that_number);

inline constexpr char needs_numbers[] =
    "; the processes of a tree know each other by their numbers. Restart it when the number is free, as somebody who "
    "may choose numbers (root, CAP_CHECKPOINT_RESTORE), or, if the programs do not care, with --no-restore-pid";

}  // namespace cairn
