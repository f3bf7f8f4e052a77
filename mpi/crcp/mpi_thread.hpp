// SPDX-License-Identifier: Apache-2.0
// What crcp knows of a guest thread that uses MPI: one slot a thread, in a list (threads.cpp). Up to
// MPI_THREAD_SERIALIZED one thread at a time is in MPI, by MPI's own rule, and one slot serves them in turn. In
// MPI_THREAD_MULTIPLE a thread takes a slot when it first comes, and gives it back when it ends.
//
// Ownership: slots are never freed; those of threads that have ended are used again. `inside` is the word of the lock
// (gate.hpp). What is marked "for texts" is written without ordering by the thread and read by the callback thread:
// best effort. The rest is changed with the lock held.
#pragma once

#include <atomic>
#include <cstdint>

struct ompi_communicator_t;

namespace cairn::crcp {

inline constexpr std::uint32_t kOut = 0;
inline constexpr std::uint32_t kSection = 1;     // holds the lock: short, or a poll loop that leaves when asked
inline constexpr std::uint32_t kCollective = 2;  // in a blocking call of the real library, lock not held
inline constexpr std::uint32_t kBrief = 3;       // in a short call of the real library, beside whoever has the lock

// Values of MpiThread::towards: nobody that could be told; all, for the end of a collective that was called before.
inline constexpr char kTowardsNobody[] = "", kTowardsAll[] = "all";

struct MpiThread {
  std::atomic<std::uint32_t> inside{kOut};
  std::atomic<bool> locked{false};       // in a section: it keeps other threads out by the section lock (gate.hpp)
  std::atomic<std::uint32_t> tables{0};  // regions of shim::TableLock that it is in without the mutex

  std::uint64_t in_group_call = 0;       // the call of MPI_Comm_create_group that it is inside, 0: none
  std::uint64_t awaited_group_call = 0;  // ... at whose door it stands
  std::uint64_t passed_group_call = 0;   // ... whose door it has behind it for good: MPI_Finalize

  // Literal: the call for processes that no door brings there, from before its door until it is over; null: none.
  // Written without the lock by the thread.
  std::atomic<const char*> awaits_outsiders{nullptr};

  // For texts. Of point-to-point calls what comes behind `call` is noted when they have to wait outside of the fast
  // path.
  const char* standing_at = nullptr;          // literal, the collective at whose door it stands, or null
  const char* call = nullptr;                 // literal, the blocking call it is in, or null
  const ompi_communicator_t* comm = nullptr;  // of that call, or of an earlier one: may be gone
  const char* towards = nullptr;              // literal: "from", "to" ..., one of those above; null: a collective
  int peer = 0, tag = 0;                      // rank in that communicator, or a wildcard
  int more = 0;                               // further operations that it waits for
  std::uint64_t round = 0;                    // kTowardsAll: the number of the collective on that communicator
  const char* frame_of = nullptr;             // literal: the call in which `frame` was noted
  const void* frame = nullptr;                // behind the return address of the MPI function, on the thread's stack
  std::uint64_t entries = 0;                  // entries into MPI while a request is served

  bool used = false;  // by a thread that lives
  MpiThread* next = nullptr;
};

// Who may use MPI now. "several" is a bit of `attention` (gate.hpp) as well.
enum class Sharing : std::uint32_t {
  none,     // before MPI_Init has returned
  turns,    // up to MPI_THREAD_SERIALIZED
  alone,    // MPI_THREAD_MULTIPLE, and no more than one thread has a slot: it needs no lock against others
  several,  // MPI_THREAD_MULTIPLE, and more than one has
};
inline constinit std::atomic<Sharing> sharing{Sharing::none};

inline constinit MpiThread first_slot{};
inline constinit std::atomic<MpiThread*> slots{&first_slot};  // list, newest first
inline constinit MpiThread no_slot{};                         // of threads that have none: not in the list

// Of the thread itself. Calls from callbacks of the library (user operations) nest: only the outermost enters and
// leaves. A thread without a slot counts from kNoSlot on. Libcr's callback thread, which holds the lock by other means,
// is always "inside".
inline constexpr std::uint32_t kNoSlot = 1U << 30;
extern constinit thread_local std::uint32_t gate_depth __attribute__((tls_model("initial-exec")));
extern constinit thread_local bool callback_thread __attribute__((tls_model("initial-exec")));
extern constinit thread_local MpiThread* own_slot __attribute__((tls_model("initial-exec")));

// The calling thread's slot.
inline MpiThread& mpi_thread() noexcept { return *own_slot; }

// Gives the calling thread a slot if it has none, and the callback thread none. Waits, if another was alone until now,
// until that one has left what it began so. Not in a section, nor with a lock of ours held.
void need_slot() noexcept;
inline MpiThread& mpi_thread_for_certain() noexcept {
  if (__builtin_expect(own_slot == &no_slot, 0)) need_slot();
  return *own_slot;
}

// For texts: the blocking call that the thread begins, perhaps its first.
inline void begin_call(const char* name) noexcept { mpi_thread_for_certain().call = name; }

// ... from where: in the MPI function itself, or in what is always a part of it.
#define CAIRN_CALL_FRAME __builtin_dwarf_cfa()
inline void note_frame(const char* name, const void* frame) noexcept {
  MpiThread& self = mpi_thread();
  self.frame_of = name;
  self.frame = frame;
}
// ... and what it waits for.
inline void note_awaited(const ompi_communicator_t* comm, const char* towards, int peer, int tag,
                         int more = 0) noexcept {
  MpiThread& self = mpi_thread();
  self.comm = comm;
  self.towards = towards;
  self.peer = peer;
  self.tag = tag;
  self.more = more;
}
inline void note_awaited_collective(const ompi_communicator_t* comm, std::uint64_t round, int more) noexcept {
  note_awaited(comm, kTowardsAll, 0, 0, more);
  mpi_thread().round = round;
}

// All slots, those not in use too, which are out of everything: for the callback thread.
template <class F>
inline void for_each_mpi_thread(F&& visit) {
  for (MpiThread* t = slots.load(std::memory_order_acquire); t != nullptr; t = t->next) visit(*t);
}

template <class Predicate>
inline bool any_mpi_thread(Predicate&& predicate) {
  bool any = false;
  for_each_mpi_thread([&](const MpiThread& t) { any |= predicate(t); });
  return any;
}
inline bool any_in_section() noexcept {
  return any_mpi_thread([](const MpiThread& t) { return t.inside.load(std::memory_order_acquire) == kSection; });
}
inline bool any_in_brief() noexcept {
  return any_mpi_thread([](const MpiThread& t) { return t.inside.load(std::memory_order_acquire) == kBrief; });
}
inline bool any_in_collective() noexcept {
  return any_mpi_thread([](const MpiThread& t) { return t.inside.load(std::memory_order_acquire) == kCollective; });
}

// MPI_Init is over: threads may come.
void threads_begin(int level) noexcept;
// There is no barrier on all threads: a bias could not be taken away.
void never_alone() noexcept;

}  // namespace cairn::crcp
