// SPDX-License-Identifier: Apache-2.0
// Threads that come and go (MPI_THREAD_MULTIPLE). The first has the gate for itself and pays for no lock. Whoever comes
// while another has a slot takes that bias away: it sets kSeveral, has the kernel run a barrier on all threads, and
// waits until the other has left what it began without a lock. When only one is left it has the bias again. The names
// are those of tests/model/gate.pml.
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mpi/crcp/gate.hpp"
#include "mpi/shim/mpi_include.hpp"

namespace cairn::crcp {

constinit thread_local std::uint32_t gate_depth = kNoSlot;
constinit thread_local bool callback_thread = false;
constinit thread_local MpiThread* own_slot = &no_slot;

namespace {

// Of the slots' use and of `sharing`. Never taken by the callback thread, nor in a section.
pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
pthread_key_t at_end;
int living = 0;

MpiThread* free_slot() noexcept {
  for (MpiThread* t = slots.load(std::memory_order_relaxed); t != nullptr; t = t->next)
    if (!t->used) return t;
  auto* made = new MpiThread;
  made->next = slots.load(std::memory_order_relaxed);
  slots.store(made, std::memory_order_seq_cst);
  return made;
}

// After a restart the callback thread registers this process anew, while threads run already.
void barrier_on_all() noexcept {
  while (!gate_words.fenced && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) sched_yield();
}

bool has_biased(const MpiThread& t) noexcept {
  const bool section =
      t.inside.load(std::memory_order_acquire) == kSection && !t.locked.load(std::memory_order_acquire);
  return section || t.tables.load(std::memory_order_acquire) != 0;
}

void end_bias(const MpiThread& self) noexcept {
  sharing.store(Sharing::several, std::memory_order_seq_cst);
  attention_set(kSeveral);
  barrier_on_all();
  while (any_mpi_thread([&](const MpiThread& t) { return &t != &self && has_biased(t); })) sched_yield();
}

void give_bias_back() noexcept {
  if (gate_words.fenced) return;
  sharing.store(Sharing::alone, std::memory_order_seq_cst);
  attention_clear(kSeveral);
}

void leave_slot(void* slot) noexcept {
  auto* t = static_cast<MpiThread*>(slot);
  unlock_to(kOut);  // whoever ends in a callback of the library is inside still
  pthread_mutex_lock(&registry);
  shim::TableLock::abandon(*t);
  t->tables.store(0, std::memory_order_release);
  t->in_group_call = t->awaited_group_call = t->passed_group_call = 0;
  t->awaits_outsiders.store(nullptr, std::memory_order_relaxed);
  t->call = t->standing_at = t->frame_of = nullptr;
  t->used = false;
  own_slot = &no_slot;
  gate_depth = kNoSlot;
  if (--living == 1) give_bias_back();
  pthread_mutex_unlock(&registry);
}

MpiThread* take_slot() noexcept {
  pthread_mutex_lock(&registry);
  MpiThread* const t = free_slot();
  t->used = true;
  t->peer = -1;
  if (++living > 1) end_bias(*t);
  pthread_mutex_unlock(&registry);
  pthread_setspecific(at_end, t);
  return t;
}

// The child of a fork has this thread only: what others had, they will not give back.
void in_child() noexcept {
  registry = PTHREAD_MUTEX_INITIALIZER;
  shim::TableLock::abandon_others(*own_slot);
}

}  // namespace

void need_slot() noexcept {
  const Sharing now = sharing.load(std::memory_order_acquire);
  if (own_slot != &no_slot || callback_thread || now == Sharing::none) return;
  own_slot = now == Sharing::turns ? &first_slot : take_slot();
  gate_depth -= kNoSlot;
}

bool come_in_anew() noexcept {
  if (gate_depth <= kNoSlot) return false;
  need_slot();
  return gate_depth == 1;
}

void threads_begin(int level) noexcept {
  const bool one_at_a_time = level != MPI_THREAD_MULTIPLE;
  sharing.store(one_at_a_time ? Sharing::turns : Sharing::alone, std::memory_order_seq_cst);
  if (one_at_a_time) return;
  pthread_atfork(nullptr, nullptr, in_child);
  const bool notices_ends = pthread_key_create(&at_end, leave_slot) == 0;
  if (!notices_ends || gate_words.fenced) never_alone();
}

void never_alone() noexcept {
  if (sharing.load(std::memory_order_relaxed) != Sharing::alone) return;
  sharing.store(Sharing::several, std::memory_order_seq_cst);
  attention_set(kSeveral);
}

}  // namespace cairn::crcp
