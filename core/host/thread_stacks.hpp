// SPDX-License-Identifier: Apache-2.0
// Stacks of host threads. They come from the resident memory, since libc's own would be mapped into the arena, and libc
// leaves them to us: the stack of a thread that was joined is given back, that of a detached one stays where it is (it
// cannot be known when the kernel is through with it; those threads live as long as the MPI library).
//
// Ordinary code, any thread.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace cairn::host {

// Nothing if there is no memory. `joinable`: stack_of() knows its thread.
void* take_stack(std::size_t size, bool joinable) noexcept;
void give_stack(void* stack, std::size_t size) noexcept;

// A stack on which a thread lives.
struct OwnedStack {
  void* start = nullptr;
  std::size_t size = 0;
};
// To be given back when the thread has been joined. Nothing if it is none of these.
OwnedStack stack_of(pthread_t thread) noexcept;

}  // namespace cairn::host
