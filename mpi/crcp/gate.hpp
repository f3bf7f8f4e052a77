// SPDX-License-Identifier: Apache-2.0
// The biased lock between the guest's MPI calls and libcr's callback thread, which runs the protocol of docs/quiesce.md
// and keeps MPI going for a rank that computes.
//
// Guest side, on every call: store inside = section, compiler barrier, load attention. No atomic instruction, no fence.
// Callback thread, rarely: set kWanted, membarrier() (a full barrier on every thread of the process), wait until no
// thread is in a section. A thread in a blocking collective (inside == collective) does not hold the lock: the callback
// thread may read and change the door's variables then, but must keep out of the real library.
//
// Thread levels: for up to MPI_THREAD_SERIALIZED, one guest thread at a time is in MPI, by MPI's own rule. In
// MPI_THREAD_MULTIPLE nobody ever sets attention (such a job refuses to be checkpointed before it is disturbed), so
// that the words are written but mean nothing. The thread's own word is in mpi_thread.hpp.
// Async-signal-safe: no (nor is MPI).
#pragma once

#include <atomic>
#include <cstdint>

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/shim/table_lock.hpp"

namespace cairn::crcp {

// Reasons to leave the fast path. Changed by whoever holds the lock.
inline constexpr std::uint32_t kWanted = 1;     // the callback thread has the lock or waits for it
inline constexpr std::uint32_t kClosed = 2;     // mode is CLOSED or RELEASE: guest threads wait at the gate
inline constexpr std::uint32_t kMode = 4;       // mode is not NORMAL
inline constexpr std::uint32_t kOwed = 8;       // some communicator has owed admissions, or unreaped ones
inline constexpr std::uint32_t kRecorded = 16;  // a non-blocking collective waits to be begun
inline constexpr std::uint32_t kQueued = 32;    // a drained message waits for its receive

struct GateWords {
  std::atomic<std::uint32_t> attention{0};  // futex
  bool fenced = false;                      // no membarrier(): guest threads must fence
  std::atomic<std::uint32_t> waiters{0};    // threads in futex_wait on attention
};
inline constinit GateWords gate_words{};

void gate_slow() noexcept;

inline void gate_store(std::uint32_t where) noexcept {
  mpi_thread().inside.store(where, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (__builtin_expect(gate_words.fenced, 0)) std::atomic_thread_fence(std::memory_order_seq_cst);
}

inline std::uint32_t attention() noexcept { return gate_words.attention.load(std::memory_order_relaxed); }

// Enters a section; waits while the gate is closed. Guest thread pointer. Real handles must be fetched from guest
// objects after gate() and forgotten before gate_end(): a restart may happen whenever a thread waits here.
inline void gate() noexcept {
  if (gate_depth++ != 0) return;
  gate_store(kSection);
  if (__builtin_expect((attention() & (kWanted | kClosed | kMode)) != 0, 0)) gate_slow();
}

inline void gate_end() noexcept {
  if (--gate_depth != 0) return;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  mpi_thread().inside.store(kOut, std::memory_order_release);
}

class Section {
 public:
  Section() noexcept { gate(); }
  ~Section() { gate_end(); }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;
};

// The lock without the gate: for a guest thread that stands at a door (it must get in while mode is RELEASE) or is
// inside a collective. `back` is where the thread was (kOut or kCollective).
void lock_from(std::uint32_t back) noexcept;
inline void unlock_to(std::uint32_t back) noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  mpi_thread().inside.store(back, std::memory_order_release);
}

// The lock for code that may already have it, or is inside a collective: around changes of what the callback thread
// reads. In MPI_THREAD_MULTIPLE it keeps the threads apart, too.
class InnerLock {
 public:
  InnerLock() noexcept : back_(mpi_thread().inside.load(std::memory_order_relaxed)) {
    if (needed()) lock_from(back_);
  }
  ~InnerLock() {
    if (needed()) unlock_to(back_);
  }
  InnerLock(const InnerLock&) = delete;
  InnerLock& operator=(const InnerLock&) = delete;

 private:
  bool needed() const noexcept { return back_ != kSection && !callback_thread; }
  const shim::TableLock table_;
  const std::uint32_t back_;
};

// Sleeps until attention differs from `seen`, at most about a millisecond. Guest thread pointer.
void wait_for_change(std::uint32_t seen) noexcept;

// Once per process and again after a restart.
void gate_prepare() noexcept;

// Of the callback thread. acquire() gives false if a guest thread stays in a section for `seconds`; the lock is then
// not held.
class CallbackLock {
 public:
  CallbackLock() noexcept = default;
  ~CallbackLock() { release(); }
  CallbackLock(const CallbackLock&) = delete;
  CallbackLock& operator=(const CallbackLock&) = delete;
  bool acquire(double seconds) noexcept;
  // Without a deadline, for changes of mode that must happen. Sections end by themselves: they contain no call of the
  // real library that waits for other ranks.
  void acquire_firmly() noexcept;
  void release() noexcept;
  // Nobody is in the real library: the callback thread may call it.
  bool library_is_free() const noexcept { return all_out(); }

 private:
  bool held_ = false;
};

// With the lock held, either side.
void attention_set(std::uint32_t bits) noexcept;
void attention_clear(std::uint32_t bits) noexcept;

}  // namespace cairn::crcp
