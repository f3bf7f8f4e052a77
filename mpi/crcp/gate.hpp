// SPDX-License-Identifier: Apache-2.0
// The biased lock between the guest's MPI calls and libcr's callback thread, which runs the protocol of docs/quiesce.md
// and keeps MPI going for a rank that computes.
//
// Guest side, on every call: store inside = section, compiler barrier, load attention. No atomic instruction, no fence.
// Callback thread, rarely: set kWanted, membarrier() (a full barrier on every thread of the process), wait until no
// thread is in a section. A thread in a blocking collective (inside == collective) does not hold the lock: the callback
// thread may read and change the door's variables then, but must keep out of the real library.
//
// Several guest threads (MPI_THREAD_MULTIPLE) keep each other out of sections by the section lock, once there are two
// of them: kSeveral sends each section to the slow path, and each poll to the way in which it leaves the section now
// and then. While a thread is alone it pays nothing for that (threads.cpp). The thread's own word is in mpi_thread.hpp.
// Async-signal-safe: no (nor is MPI).
#pragma once

#include <atomic>
#include <cstdint>

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/crcp/short_lock.hpp"
#include "mpi/shim/table_lock.hpp"

namespace cairn::crcp {

// Reasons to leave the fast path. Changed by whoever holds the lock.
inline constexpr std::uint32_t kWanted = 1;     // the callback thread has the lock or waits for it
inline constexpr std::uint32_t kClosed = 2;     // mode is CLOSED or RELEASE: guest threads wait at the gate
inline constexpr std::uint32_t kMode = 4;       // mode is not NORMAL
inline constexpr std::uint32_t kOwed = 8;       // some communicator has owed admissions, or unreaped ones
inline constexpr std::uint32_t kRecorded = 16;  // a non-blocking collective waits to be begun
inline constexpr std::uint32_t kQueued = 32;    // a drained message waits for its receive
inline constexpr std::uint32_t kSeveral = 64;   // several threads use MPI: sections take the section lock
inline constexpr std::uint32_t kCut = 128;      // the library is being emptied, or is empty: nobody calls it
inline constexpr std::uint32_t kGateReasons = kWanted | kClosed | kMode | kSeveral;  // ... at the gate

struct GateWords {
  std::atomic<std::uint32_t> attention{0};  // futex
  bool fenced = false;                      // no membarrier(): guest threads must fence
  std::atomic<std::uint32_t> waiters{0};    // threads in futex_wait on attention
  alignas(64) ShortLock section_lock;       // held by a thread that is in a section, or about to be
};
inline constinit GateWords gate_words{};

void gate_slow() noexcept;
void brief_slow() noexcept;
void unlock_section(std::uint32_t back) noexcept;

// A thread that comes in: true if it was not in MPI before, as it is in a callback of the library.
bool come_in_anew() noexcept;  // ... which has no slot yet, or was
inline bool come_in() noexcept {
  if (__builtin_expect(gate_depth++ == 0, 1)) return true;
  return come_in_anew();
}

inline void gate_store(std::uint32_t where) noexcept {
  mpi_thread().inside.store(where, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (__builtin_expect(gate_words.fenced, 0)) std::atomic_thread_fence(std::memory_order_seq_cst);
}

inline std::uint32_t attention() noexcept { return gate_words.attention.load(std::memory_order_relaxed); }

// Enters a section; waits while the gate is closed. Guest thread pointer. Real handles must be fetched from guest
// objects after gate() and forgotten before gate_end(): a restart may happen whenever a thread waits here.
inline void gate() noexcept {
  if (!come_in()) return;
  gate_store(kSection);
  if (__builtin_expect((attention() & kGateReasons) != 0, 0)) gate_slow();
}

// Of a thread in a section, or behind lock_from(): it is where `back` says.
inline void unlock_to(std::uint32_t back) noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  MpiThread& self = mpi_thread();
  if (__builtin_expect(self.locked.load(std::memory_order_relaxed), 0))
    unlock_section(back);
  else
    self.inside.store(back, std::memory_order_release);
}

inline void gate_end() noexcept {
  if (--gate_depth == 0) unlock_to(kOut);
}

// Another thread wants to enter a section: who polls in one should leave it for a moment.
inline bool others_wait() noexcept { return gate_words.section_lock.wanted(); }

// gate() and gate_end(), and shorter on the fast path: the thread's slot is found once.
class Section {
 public:
  Section() noexcept {
    if (!come_in()) return;
    gate_store(kSection);
    if (__builtin_expect((attention() & kGateReasons) != 0, 0))
      gate_slow();
    else
      free_ = &mpi_thread();
  }
  ~Section() {
    if (--gate_depth != 0) return;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (__builtin_expect(free_ != nullptr, 1))
      free_->inside.store(kOut, std::memory_order_release);
    else
      unlock_to(kOut);
  }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

 private:
  MpiThread* free_ = nullptr;  // the slot, of a section that no other lock belongs to
};

// Around a short call of the real library that has nothing to do with messages, requests and doors, as those on
// datatypes, groups and operations. In MPI_THREAD_MULTIPLE it takes no lock, and waits for nobody but at the cut
// itself: programs make such calls with locks of their own held, which functions of theirs that the library calls want
// as well (Python has one for everything). Whoever is in a section may be in such a function. Tables are changed with
// TableLock held.
class Brief {
 public:
  Brief() noexcept {
    if (!come_in()) return;
    beside_ = sharing.load(std::memory_order_relaxed) >= Sharing::alone;
    gate_store(beside_ ? kBrief : kSection);
    if (__builtin_expect((attention() & (beside_ ? kCut : kGateReasons)) == 0, 1)) return;
    if (beside_)
      brief_slow();
    else
      gate_slow();
  }
  ~Brief() {
    if (--gate_depth != 0) return;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (beside_)
      mpi_thread().inside.store(kOut, std::memory_order_release);
    else
      unlock_to(kOut);
  }
  Brief(const Brief&) = delete;
  Brief& operator=(const Brief&) = delete;

 private:
  bool beside_ = false;
};

// The lock without the gate: for a guest thread that stands at a door (it must get in while mode is RELEASE) or is
// inside a collective. `back` is where the thread was (kOut or kCollective).
void lock_from(std::uint32_t back) noexcept;
// The same, of a thread that may not wait: false if the lock is not free.
bool try_lock_from(std::uint32_t back) noexcept;

// The lock for code that may already have it, or is inside a collective.
class InnerSection {
 public:
  InnerSection() noexcept : back_(mpi_thread_for_certain().inside.load(std::memory_order_relaxed)) {
    if (needed()) lock_from(back_);
  }
  ~InnerSection() {
    if (needed()) unlock_to(back_);
  }
  InnerSection(const InnerSection&) = delete;
  InnerSection& operator=(const InnerSection&) = delete;

 private:
  bool needed() const noexcept { return back_ != kSection && !callback_thread; }
  const std::uint32_t back_;
};

// The same, around changes of what the callback thread reads. TableLock comes after it: who has that one waits for no
// section, nor for a function of the program.
class InnerLock {
 public:
  InnerLock() noexcept = default;
  InnerLock(const InnerLock&) = delete;
  InnerLock& operator=(const InnerLock&) = delete;

 private:
  const InnerSection inner_;
  const shim::TableLock table_;
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
  // Nobody is in the real library, but for calls that may be made beside others: the callback thread may call it.
  bool library_is_free() const noexcept { return !any_in_collective(); }
  // Keeps these out as well (kCut), until let_brief_in(). False if one does not come out within `seconds`: they are not
  // kept out then.
  bool keep_brief_out(double seconds) noexcept;
  static void let_brief_in() noexcept;

 private:
  bool held_ = false;
};

// With the lock held, either side.
void attention_set(std::uint32_t bits) noexcept;
void attention_clear(std::uint32_t bits) noexcept;

}  // namespace cairn::crcp
