// SPDX-License-Identifier: Apache-2.0
// System V objects: which of them the program has got or used, and whether it has made them, is noted for the host, who
// cannot ask the kernel (struct cairn_system_v); so is what SEM_UNDO is to undo. Where a restart could not have an
// object with the same number, the program goes on with the old one. Waits are unbroken by checkpoints
// (interrupted.hpp). What the program does by system calls of its own is not seen. Any thread.
#include "core/guest/system_v.hpp"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/shm.h>
#include <time.h>

#include "core/abi/system_v.hpp"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/spin_lock.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/real.hpp"
#include "core/guest/trampoline.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

cairn_system_v& all() { return cairn_guest_self.system_v; }
SpinLock& lock() { return *reinterpret_cast<SpinLock*>(&all().lock); }
static_assert(sizeof(SpinLock) == sizeof(uint32_t));

// Null: unknown. `by_now`: `id` is the kernel's.
cairn_system_v_object* find(uint32_t kind, int id, bool by_now = false) {
  const uint32_t used = load(all().used);
  for (uint32_t i = 0; i < used; ++i) {
    cairn_system_v_object& object = all().objects[i];
    if (load(object.kind) == kind && (by_now ? object.now : object.id) == id) return &object;
  }
  return nullptr;
}

// What the program is told: its number, unless the program has another object by that.
int id_for(uint32_t kind, int now) {
  int id = now;
  for (int next = INT_MAX; find(kind, id) != nullptr; --next) id = next;
  return id;
}

void note(uint32_t kind, int id, int now, bool made) {
  const Locked locked(lock());
  if (cairn_system_v_object* known = find(kind, id)) {
    known->made = (known->made | (made ? system_v_made : 0)) & ~system_v_handed_on;
    return;
  }
  uint32_t i = 0;
  while (i < CAIRN_SYSTEM_V_OBJECTS && all().objects[i].kind != CAIRN_SYSTEM_V_NONE) ++i;
  if (i == CAIRN_SYSTEM_V_OBJECTS) {
    store(all().overflow, 1u);
    return;
  }
  if (id != now) store(all().changed, 1u);
  all().objects[i] = {CAIRN_SYSTEM_V_NONE, id, now, made ? system_v_made : 0};
  store(all().objects[i].kind, kind);
  if (all().used <= i) store(all().used, i + 1);
}

// It is gone, and the kernel may give its number to another.
void forget(uint32_t kind, int id) {
  const Locked locked(lock());
  if (cairn_system_v_object* known = find(kind, id)) store(known->kind, static_cast<uint32_t>(CAIRN_SYSTEM_V_NONE));
  if (kind != CAIRN_SYSTEM_V_SEMAPHORES) return;
  for (cairn_semaphore_undo& undo : all().undos) {
    if (undo.id == id) undo.adjust = 0;
  }
}

// The kernel's number of an object that the program uses.
int used(uint32_t kind, int id) {
  if (!hosted()) return id;
  const cairn_system_v_object* known = find(kind, id);
  const int now = known != nullptr ? known->now : id;
  if (known == nullptr || (known->made & system_v_handed_on) != 0) note(kind, id, id, false);
  return now;
}

// What the program is told of an object that it has got.
int got(uint32_t kind, int now, bool made) {
  if (now < 0 || !hosted()) return now;
  const cairn_system_v_object* known = load(all().changed) != 0 ? find(kind, now, true) : nullptr;
  const bool taken = load(all().changed) != 0 && known == nullptr;
  const int id = known != nullptr ? known->id : taken ? id_for(kind, now) : now;
  note(kind, id, now, made);
  return id;
}

// `get` takes the flags. What did not exist before has been made by this process.
template <typename Get>
int get(uint32_t kind, key_t key, int flags, const Get& call) {
  if (!hosted()) return call(flags);
  if (key == IPC_PRIVATE) return got(kind, call(flags), true);
  if ((flags & IPC_CREAT) == 0) return got(kind, call(flags), false);
  const int error = errno;
  const int fresh = call(flags | IPC_EXCL);
  if (fresh >= 0 || errno != EEXIST || (flags & IPC_EXCL) != 0) return got(kind, fresh, true);
  errno = error;
  return got(kind, call(flags), false);
}

// Commands that take an index instead of a number.
bool takes_index(uint32_t kind, int command) {
  if (command == IPC_INFO) return true;
  if (kind == CAIRN_SYSTEM_V_MEMORY) return command == SHM_STAT || command == SHM_INFO || command == SHM_STAT_ANY;
  if (kind == CAIRN_SYSTEM_V_QUEUE) return command == MSG_STAT || command == MSG_INFO || command == MSG_STAT_ANY;
  return command == SEM_STAT || command == SEM_INFO || command == SEM_STAT_ANY;
}

// Memory that is attached can still be attached when it has been removed, and is found there.
template <typename Control>
int control(uint32_t kind, int id, int command, const Control& call) {
  if (!hosted() || takes_index(kind, command)) return call(id);
  const int result = call(used(kind, id));
  if (result >= 0 && command == IPC_RMID && kind != CAIRN_SYSTEM_V_MEMORY) forget(kind, id);
  return result;
}

// --- SEM_UNDO ---

bool undoes(const sembuf* operations, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if ((operations[i].sem_flg & SEM_UNDO) != 0) return true;
  }
  return false;
}

int64_t now_in_seconds() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}

void note_undo(int id, const sembuf& operation) {
  cairn_semaphore_undo* free = nullptr;
  for (cairn_semaphore_undo& undo : all().undos) {
    if (undo.adjust != 0 && undo.id == id && undo.number == operation.sem_num) {
      undo.adjust = static_cast<int16_t>(undo.adjust - operation.sem_op);
      return;
    }
    if (undo.adjust == 0 && free == nullptr) free = &undo;
  }
  if (free == nullptr) {
    store(all().overflow, 1u);
    return;
  }
  *free = {id, operation.sem_num, static_cast<int16_t>(-operation.sem_op), now_in_seconds()};
}

// Of those that are shown to the host there are so many.
void show(SemaphoreCall& call) {
  for (cairn_semaphore_call& place : all().calls) {
    int32_t none = 0;
    if (!__atomic_compare_exchange_n(&place.tid, &none, -1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) continue;
    call.shown = &place;
    place.id = call.id;
    place.count = call.count;
    place.operations = reinterpret_cast<uint64_t>(call.operations);
    place.result = call.result;
    store(place.tid, own_tid());
    return;
  }
  store(all().overflow, 1u);
}

void note_and_hide(SemaphoreCall& call) {
  const Locked locked(lock());
  for (uint32_t i = 0; call.result == 0 && !call.noted && i < call.count; ++i) {
    const sembuf& operation = call.operations[i];
    if ((operation.sem_flg & SEM_UNDO) != 0 && operation.sem_op != 0) note_undo(call.id, operation);
  }
  call.noted = call.result == 0;
  if (call.shown != nullptr) store(call.shown->tid, 0);
  call.shown = nullptr;
}

void set_semaphores(int id, int number) {
  const Locked locked(lock());
  for (cairn_semaphore_undo& undo : all().undos) {
    if (undo.id == id && (number < 0 || undo.number == number)) undo.adjust = 0;
  }
}

}  // namespace

// semtimedop(2), whose result is in memory one instruction after it is known.
extern "C" __attribute__((naked, visibility("hidden"))) void cairn_semaphore_operate(int, const sembuf*, size_t,
                                                                                     const timespec*, int64_t*) {
  __asm__(
      "mov %rcx, %r10\n"
      "mov $220, %eax\n"
      "syscall\n"
      ".globl cairn_semaphore_operated\n"
      ".hidden cairn_semaphore_operated\n"
      "cairn_semaphore_operated:\n"
      "mov %rax, (%r8)\n"
      "ret\n");
}
extern "C" __attribute__((visibility("hidden"))) char cairn_semaphore_operated[];

namespace {

// The thread is in the call until it is noted. A callback in the stop signal's frame may have one of its own.
int operate(int id, sembuf* operations, size_t count, const timespec* limit) {
  const int now = used(CAIRN_SYSTEM_V_SEMAPHORES, id);
  if (!hosted() || !undoes(operations, count)) return real().semtimedop(now, operations, count, limit);
  SemaphoreCall call{id, static_cast<uint32_t>(count), operations, -EINPROGRESS, false, nullptr};
  SemaphoreCall* const outer = state.semaphore_call;
  __atomic_store_n(&state.semaphore_call, &call, __ATOMIC_SEQ_CST);
  if (call.shown == nullptr) show(call);
  cairn_semaphore_operate(now, operations, count, limit, &call.result);
  {
    const AllSignalsBlocked blocked;
    note_and_hide(call);
    __atomic_store_n(&state.semaphore_call, outer, __ATOMIC_SEQ_CST);
  }
  if (call.result >= 0) return 0;
  errno = static_cast<int>(-call.result);
  return -1;
}

}  // namespace

void cairn::guest::show_semaphore_call(const ucontext_t& frame) {
  SemaphoreCall* const call = state.semaphore_call;
  if (call == nullptr) return;
  const auto& registers = interrupted_by(frame).uc_mcontext.gregs;
  if (registers[REG_RIP] == reinterpret_cast<greg_t>(cairn_semaphore_operated)) call->result = registers[REG_RAX];
  if (call->shown != nullptr && !call->noted) call->shown->result = call->result;
}

void cairn::guest::put_semaphore_call_aside(const ucontext_t& frame) {
  show_semaphore_call(frame);
  note_and_hide(*state.semaphore_call);
  state.semaphore_call = nullptr;
}

void cairn::guest::take_semaphore_call_again(SemaphoreCall& call) {
  __atomic_store_n(&state.semaphore_call, &call, __ATOMIC_SEQ_CST);
  if (call.result == -EINPROGRESS && call.shown == nullptr) show(call);
}

static bool is_changed(const cairn_system_v_object& object) {
  return load(object.kind) != CAIRN_SYSTEM_V_NONE && object.id != object.now;
}

// "KIND.ID.NOW,", in hexadecimal with leading zeros.
static constexpr std::size_t kChangedNumber = 1 + 1 + 8 + 1 + 8 + 1;

std::size_t cairn::guest::changed_numbers_size() {
  std::size_t size = 1;
  if (load(all().changed) == 0) return size;
  for (uint32_t i = 0, used = load(all().used); i < used; ++i)
    size += is_changed(all().objects[i]) ? kChangedNumber : 0;
  return size;
}

void cairn::guest::write_changed_numbers(char* word, std::size_t size) {
  const auto put = [&](uint32_t value, int digits, char end) {
    while (digits-- > 0) *word++ = "0123456789abcdef"[value >> (4 * digits) & 15];
    *word++ = end;
  };
  for (uint32_t i = 0, used = load(all().used); i < used && size > kChangedNumber; ++i) {
    const cairn_system_v_object& object = all().objects[i];
    if (!is_changed(object)) continue;
    put(object.kind, 1, '.');
    put(static_cast<uint32_t>(object.id), 8, '.');
    put(static_cast<uint32_t>(object.now), 8, ',');
    size -= kChangedNumber;
  }
  *word = '\0';
}

void cairn::guest::forget_semaphore_undo() {
  lock().reset();
  for (cairn_semaphore_undo& undo : all().undos) undo.adjust = 0;
  for (cairn_semaphore_call& call : all().calls) call.tid = 0;
}

CAIRN_INTERPOSE(int, shmget, (key_t key, size_t size, int flags)) {
  return get(CAIRN_SYSTEM_V_MEMORY, key, flags, [=](int f) { return real().shmget(key, size, f); });
}
CAIRN_INTERPOSE(void*, shmat, (int id, const void* address, int flags)) {
  return real().shmat(used(CAIRN_SYSTEM_V_MEMORY, id), address, flags);
}
CAIRN_INTERPOSE(int, shmctl, (int id, int command, shmid_ds* buffer)) {
  return control(CAIRN_SYSTEM_V_MEMORY, id, command, [=](int now) { return real().shmctl(now, command, buffer); });
}

CAIRN_INTERPOSE(int, semget, (key_t key, int count, int flags)) {
  return get(CAIRN_SYSTEM_V_SEMAPHORES, key, flags, [=](int f) { return real().semget(key, count, f); });
}
CAIRN_INTERPOSE(int, semctl, (int id, int number, int command, ...)) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);  // a union of the size of a pointer, or none
  va_end(arguments);
  const int result = control(CAIRN_SYSTEM_V_SEMAPHORES, id, command,
                             [=](int now) { return real().semctl(now, number, command, argument); });
  if (result >= 0 && hosted() && (command == SETVAL || command == SETALL))
    set_semaphores(id, command == SETVAL ? number : -1);
  return result;
}
CAIRN_INTERPOSE(int, semop, (int id, sembuf* operations, size_t count)) {
  return repeated([=] { return operate(id, operations, count, nullptr); });
}
CAIRN_INTERPOSE(int, semtimedop, (int id, sembuf* operations, size_t count, const timespec* limit)) {
  if (!hosted()) return real().semtimedop(id, operations, count, limit);
  return repeated_for(limit, [=](const timespec* left) { return operate(id, operations, count, left); });
}

CAIRN_INTERPOSE(int, msgget, (key_t key, int flags)) {
  return get(CAIRN_SYSTEM_V_QUEUE, key, flags, [=](int f) { return real().msgget(key, f); });
}
CAIRN_INTERPOSE(int, msgctl, (int id, int command, msqid_ds* buffer)) {
  return control(CAIRN_SYSTEM_V_QUEUE, id, command, [=](int now) { return real().msgctl(now, command, buffer); });
}
CAIRN_INTERPOSE(ssize_t, msgrcv, (int id, void* message, size_t size, long type, int flags)) {
  return repeated([=] { return real().msgrcv(used(CAIRN_SYSTEM_V_QUEUE, id), message, size, type, flags); });
}
CAIRN_INTERPOSE(int, msgsnd, (int id, const void* message, size_t size, int flags)) {
  return repeated([=] { return real().msgsnd(used(CAIRN_SYSTEM_V_QUEUE, id), message, size, flags); });
}
