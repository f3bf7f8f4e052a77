// SPDX-License-Identifier: Apache-2.0
// What crcp knows of a guest thread that uses MPI: one slot a thread. Up to MPI_THREAD_SERIALIZED one thread at a time
// is in MPI, by MPI's own rule, so that one slot serves them in turn. Nothing else names "the" thread: more of them
// are a matter of mpi_thread() and for_each_mpi_thread() below.
//
// `inside` is the word of the lock (gate.hpp). What is marked "for texts" is written without ordering by the thread and
// read by the callback thread: best effort. The rest is changed with the lock held.
#pragma once

#include <atomic>
#include <cstdint>

namespace cairn::crcp {

inline constexpr std::uint32_t kOut = 0;
inline constexpr std::uint32_t kSection = 1;     // holds the lock: short, or a poll loop that leaves when asked
inline constexpr std::uint32_t kCollective = 2;  // in a blocking call of the real library, lock not held

struct MpiThread {
  std::atomic<std::uint32_t> inside{kOut};
  bool listening = false;  // inside a collective, and the library's progress loop calls us back (inside.hpp)

  std::uint64_t in_group_call = 0;       // the call of MPI_Comm_create_group that it is inside, 0: none
  std::uint64_t awaited_group_call = 0;  // ... at whose door it stands
  std::uint64_t passed_group_call = 0;   // ... whose door it has behind it for good: MPI_Finalize

  // Literal: the call for processes that no door brings there, from before its door until it is over; null: none.
  // Written without the lock by the thread.
  std::atomic<const char*> awaits_outsiders{nullptr};

  const char* standing_at = nullptr;  // for texts: literal, the collective at whose door it stands, or null
  const char* call = nullptr;         // for texts: literal, the blocking call it is in, or null
  int peer = -1;                      // for texts: rank in that call's communicator, < 0: none
  std::uint64_t entries = 0;          // for texts: entries into MPI while a request is served
};

inline constinit MpiThread the_mpi_thread{};

// The calling thread's slot.
inline MpiThread& mpi_thread() noexcept { return the_mpi_thread; }

// All slots in use: for the callback thread.
template <class F>
inline void for_each_mpi_thread(F&& visit) {
  visit(the_mpi_thread);
}

inline bool any_in_section() noexcept {
  bool any = false;
  for_each_mpi_thread([&](const MpiThread& t) { any |= t.inside.load(std::memory_order_acquire) == kSection; });
  return any;
}
inline bool all_out() noexcept {
  bool all = true;
  for_each_mpi_thread([&](const MpiThread& t) { all &= t.inside.load(std::memory_order_acquire) == kOut; });
  return all;
}

// Of the thread itself, not of the slot that threads use in turn. Calls from callbacks of the library (user operations)
// nest: only the outermost enters and leaves. Libcr's callback thread, which holds the lock by other means, is always
// "inside".
extern constinit thread_local std::uint32_t gate_depth __attribute__((tls_model("initial-exec")));
extern constinit thread_local bool callback_thread __attribute__((tls_model("initial-exec")));

}  // namespace cairn::crcp
