// SPDX-License-Identifier: Apache-2.0
// Variables that the program did not choose but inherited from the job it was started in: after a restart they are the
// new job's, in the program's environment and in what it hands to the programs that it executes, even if it keeps
// variables of its own, as shells do.
#pragma once

#include <cstddef>

namespace cairn::guest {

// What the program is started with, from a constructor: `environ` may not be set yet. Ordinary code, once.
void note_first_environment(char* const* environment);

// Frozen-world code: applies cairn_guest_self.revive_environment to `environ`, without libc's locks and allocator.
void apply_revive_environment();

// How many pointers refreshed_environment() wants; 0 before the first restart. Safe in the child of a vfork, as the
// next.
std::size_t refreshed_environment_size(char* const* environment);
// `environment` with the new job's values where it has those of a former one. In `room`, if there is any.
char* const* refreshed_environment(char* const* environment, char** room);

}  // namespace cairn::guest

// On the caller's stack.
#define CAIRN_FRESH_ENVIRONMENT(environment) \
  cairn::guest::refreshed_environment(       \
      environment,                           \
      static_cast<char**>(__builtin_alloca(cairn::guest::refreshed_environment_size(environment) * sizeof(char*))))
