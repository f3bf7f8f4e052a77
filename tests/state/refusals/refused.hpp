// SPDX-License-Identifier: Apache-2.0
// What a program may have that cannot be saved: makes it, and says how to let go of it (null: there is no way). Where
// it cannot be had, "SKIP: " and the reason are printed.
#pragma once

#include <functional>
#include <map>
#include <string>

using Undo = std::function<void()>;

// Timers of threads, groups of addresses, and what few processors, kernels and machines have.
const std::map<std::string, Undo (*)()>& rare_kinds();
// Processes that libc does not know of, a trigger in an open file.
const std::map<std::string, Undo (*)()>& kinds_past_libc();
