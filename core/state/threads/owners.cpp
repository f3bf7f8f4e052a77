// SPDX-License-Identifier: Apache-2.0
#include "core/state/threads/owners.hpp"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/image.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {
namespace {

// By way of the kernel, which fails where the program cannot be read or written.
template <class T>
bool read_at(std::uint64_t address, T& value) {
  const iovec here{&value, sizeof value}, there{reinterpret_cast<void*>(address), sizeof value};
  return address < CAIRN_FIXED_BASE && process_vm_readv(getpid(), &here, 1, &there, 1, 0) == sizeof value;
}
template <class T>
void write_at(std::uint64_t address, T value) {
  const iovec here{&value, sizeof value}, there{reinterpret_cast<void*>(address), sizeof value};
  if (address < CAIRN_FIXED_BASE) static_cast<void>(process_vm_writev(getpid(), &here, 1, &there, 1, 0));
}

// The bits of `mask` of a word: a number of before becomes that of now.
void mend(const ThreadNumbers& changed, std::uint64_t address, std::uint32_t mask) {
  std::uint32_t word = 0;
  if (!read_at(address, word)) return;
  const int now = current_number(changed, static_cast<int>(word & mask));
  if (now != 0) write_at(address, (word & ~mask) | static_cast<std::uint32_t>(now));
}

constexpr std::uint32_t kWhole = ~0U;
constexpr std::uint64_t kOwner = offsetof(pthread_mutex_t, __data.__owner);

// Of a thread that has this number now: it had the lock, in memory that others share (a file), until it was killed and
// the kernel said so there. Where nobody has taken it since, it has it again.
void take_back(std::uint64_t lock, int now) {
  std::uint32_t word = 0;
  if (!read_at(lock, word) || (word & (FUTEX_OWNER_DIED | FUTEX_TID_MASK)) != FUTEX_OWNER_DIED) return;
  write_at(lock, (word & FUTEX_WAITERS) | static_cast<std::uint32_t>(now));
}

// An entry of a robust list; other lists than libc's have no owner beside the word.
void mend_robust(const ThreadNumbers& changed, std::uint64_t entry, std::int64_t to_word) {
  constexpr std::int64_t kOfLibc = -static_cast<std::int64_t>(offsetof(pthread_mutex_t, __data.__list.__next));
  const std::uint64_t lock = (entry & ~1UL) + static_cast<std::uint64_t>(to_word);
  mend(changed, lock, FUTEX_TID_MASK);
  if (to_word == kOfLibc) mend(changed, lock + kOwner, kWhole);
}

void mend_robust_list(const ThreadNumbers& changed, std::uint64_t head, int owner) {
  constexpr int kMost = 2048;  // the kernel's own limit
  robust_list_head list{};
  if (head == 0 || !read_at(head, list)) return;
  auto at = reinterpret_cast<std::uint64_t>(list.list.next);
  for (int i = 0; i < kMost && (at & ~1UL) != head && at != 0; ++i) {
    mend_robust(changed, at, list.futex_offset);
    take_back((at & ~1UL) + static_cast<std::uint64_t>(list.futex_offset), owner);
    if (!read_at(at & ~1UL, at)) return;
  }
  const auto pending = reinterpret_cast<std::uint64_t>(list.list_op_pending);
  if (pending != 0) mend_robust(changed, pending, list.futex_offset);
}

// A thread that waits for a mutex with priority inheritance does so in the kernel, which must find the owner: it is
// about to make the same call again.
void mend_awaited(const ThreadNumbers& changed, std::uint64_t frame) {
  ucontext_t context;
  std::uint16_t instruction = 0;
  if (frame == 0 || !read_at(frame + offsetof(ucontext_t, uc_mcontext), context.uc_mcontext)) return;
  const auto* const r = context.uc_mcontext.gregs;
  constexpr std::uint16_t kSystemCall = 0x050f;
  if (r[REG_RAX] != SYS_futex || !read_at(static_cast<std::uint64_t>(r[REG_RIP]), instruction)) return;
  const int operation = static_cast<int>(r[REG_RSI]) & FUTEX_CMD_MASK;
  constexpr int kLock2 = 13;  // FUTEX_LOCK_PI2, since 5.14
  if (instruction == kSystemCall && (operation == FUTEX_LOCK_PI || operation == kLock2))
    mend(changed, static_cast<std::uint64_t>(r[REG_RDI]), FUTEX_TID_MASK);
}

// A recursive mutex that is held once or more, as libc lays it out.
bool is_held_recursive(const pthread_mutex_t& mutex) {
  const auto& m = mutex.__data;
  return (m.__lock == 1 || m.__lock == 2) && m.__count > 0 && m.__nusers == 1 && m.__kind == PTHREAD_MUTEX_RECURSIVE &&
         m.__spins == 0 && m.__elision == 0 && m.__list.__prev == nullptr && m.__list.__next == nullptr;
}

// ld.so's structure holds its locks, and little else.
void mend_loader(const ThreadNumbers& changed, std::uint64_t data, std::uint64_t size) {
  constexpr std::uint64_t kMost = 1 << 16;
  for (std::uint64_t at = 0; size <= kMost && at + sizeof(pthread_mutex_t) <= size; at += alignof(pthread_mutex_t)) {
    pthread_mutex_t mutex;
    if (!read_at(data + at, mutex)) return;
    if (is_held_recursive(mutex)) mend(changed, data + at + kOwner, kWhole);
  }
}

// What was changed by earlier restarts leads to the numbers of now; threads that have ended since had none.
ThreadNumbers all_changes(const Restart& restart) {
  ThreadNumbers changes;
  const cairn_guest& guest = *restart.guest;
  for (std::uint32_t i = 0; i < guest.number_count; ++i) {
    cairn_number number{};
    if (!read_at(guest.numbers + i * sizeof number, number)) break;
    const int now = current_number(restart.numbers, number.now);
    if (now != 0) changes[number.before] = now;
  }
  for (const auto& [before, now] : restart.numbers) changes[before] = now;
  for (auto change = changes.begin(); change != changes.end();)
    change = change->first == change->second ? changes.erase(change) : std::next(change);
  return changes;
}

// A number that one thread had and another has now says nothing any more.
void leave_out_ambiguous(ThreadNumbers& changes, Restart& restart) {
  for (const auto& [before, now] : restart.numbers) {
    if (changes.erase(now) == 0) continue;
    restart.notes.push_back(
        "number " + std::to_string(now) +
        ", once a thread's, is now that of another thread of the program: locks that it held at the "
        "checkpoint, if they know their owner, may be taken for that one's. Another restart gets "
        "other numbers");
  }
}

void tell(cairn_guest& guest, const ThreadNumbers& changes) {
  guest.number_count = 0;
  if (changes.empty()) return;
  std::vector<cairn_number> numbers;
  for (const auto& [before, now] : changes) numbers.push_back({before, now});
  const std::size_t size = numbers.size() * sizeof(cairn_number);
  void* const block = host::arena_mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw EnvironmentError(with_errno("memory for the program's thread numbers", errno));
  std::memcpy(block, numbers.data(), size);
  guest.numbers = reinterpret_cast<std::uint64_t>(block);
  guest.number_count = static_cast<std::uint32_t>(numbers.size());
}

}  // namespace

void mend_owners(Restart& restart) {
  cairn_guest& guest = *restart.guest;
  ThreadNumbers changes = all_changes(restart);
  leave_out_ambiguous(changes, restart);
  for (const ThreadState& thread : restart.image.get<ThreadsState>().threads) {
    mend_robust_list(changes, thread.robust_head, current_number(restart.numbers, thread.tid));
    mend_awaited(changes, thread.frame);
  }
  if (!changes.empty()) mend_loader(changes, guest.loader_data, guest.loader_data_size);
  tell(guest, changes);
}

}  // namespace cairn::state
