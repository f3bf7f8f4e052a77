/* SPDX-License-Identifier: Apache-2.0 */
/* What libcr (guest) offers the host: one struct cairn_guest in libcr's data, handed over by
 * table->attach_guest(). It lies in guest memory and is saved with it; its address is in the context file.
 * Both halves run at the same time on it: words marked `futex` are changed atomically and woken, private and
 * shared waiters both (two calls of FUTEX_WAKE), so that neither half depends on the kind the other waits with.
 *
 * A checkpoint, as seen here (epoch e = 1, 2, ...; the host's checkpointer thread drives, guest threads answer):
 *
 *   host: callback_ask = e, wake            (only if thread_callbacks > 0)
 *   guest callback thread: runs the thread-context callbacks; when every one has called cr_checkpoint() or
 *         returned, sets callback_verdict/callback_message, callback_ready = e, wake, waits callback_resume == e
 *   host: stop_wanted = e, tgkill(CAIRN_STOP_SIGNAL) to every guest thread
 *   guest threads (in their signal frames): run their signal-context callbacks up to cr_checkpoint(), fill one
 *         cairn_thread, state = STOPPED, stopped += 1, wake, wait release == e
 *   host: saves; then stop_result = 0 (continue) or < 0 (failed, -CR_E...), stop_wanted = 0, release = e, wake;
 *         waits until running again (every slot RUNNING), then callback_result = same, callback_resume = e, wake
 *   guest callback thread: lets the callbacks' cr_checkpoint() return; when all are through callback_done = e, wake
 *
 * To a thread that blocks the stop signal, as those do that libc makes for itself (SIGEV_THREAD), the host sends
 * CAIRN_STOP_SIGNAL_DEAF instead, by rt_tgsigqueueinfo() with SI_QUEUE and CAIRN_STOP_VALUE: libc uses that signal
 * for itself, never blocks it, and ignores such a one.
 *
 * A thread that is inside the host (thread pointer >= CAIRN_ARENA_TOP) when the signal comes returns from the
 * handler at once and stops at cairn_leave(), which looks at stop_wanted. So does one whose instruction pointer is up
 * there: it reads a clock in the kernel's vdso, and stops at the end of the guest's (core/host/vdso_image.hpp).
 *
 * Revive: the new host maps the image, calls guest->on_revive() on the main thread with the main guest thread's
 * fs, then creates the other threads, each of which continues in cairn_thread.context with 1 in rax, inside its
 * signal handler: it re-registers rseq, forgets its host_fs, waits for revive_go == epoch, runs what is left of
 * its signal-context callbacks and returns through its signal frame.
 */
#ifndef CAIRN_ABI_GUEST_TABLE_H
#define CAIRN_ABI_GUEST_TABLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAIRN_GUEST_MAGIC 0x7473657567726e63ULL
#define CAIRN_GUEST_VERSION 2u /* 1: addresses in the vdso were those of the kernel's image */

#define CAIRN_STOP_SIGNAL_DEAF 33
#define CAIRN_STOP_VALUE 0x706f7473 /* si_value.sival_int */
/* The value of a CAIRN_STOP_SIGNAL, by rt_sigqueueinfo() with SI_QUEUE: a forked copy is to have its own host. */
#define CAIRN_ADOPT_VALUE 0x74706461
/* Likewise: the process was stopped, and is woken for a checkpoint; the thread waits for it, this long at most. */
#define CAIRN_HOLD_VALUE 0x646c6f68
#define CAIRN_HOLD_MILLISECONDS 20000

enum { CAIRN_THREAD_FREE = 0, CAIRN_THREAD_RUNNING = 1, CAIRN_THREAD_STOPPED = 2 };

/* Callee-saved state of a stopped thread, resumed by core/state/threads with rax = 1. */
struct cairn_context {
  uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
  uint32_t mxcsr;
  uint16_t x87_control;
  uint16_t reserved;
};

/* What the kernel tells of a thread only to the thread itself. */
enum {
  CAIRN_TOLD_SECUREBITS = 1,
  CAIRN_TOLD_DEATH_SIGNAL = 2,
  CAIRN_TOLD_TSC = 4,
  CAIRN_TOLD_MACHINE_CHECK = 8,
  CAIRN_TOLD_IO_FLUSHER = 16,
  CAIRN_TOLD_MEMORY_POLICY = 32,
  CAIRN_TOLD_SPECULATION = 64, /* << number of the misfeature, 0..2 */
  CAIRN_TOLD_CPUID = 512,
  CAIRN_TOLD_TIMER_SLACK = 1024
};
struct cairn_thread_settings {
  uint32_t told; /* which of the others are known; 0 in an older libcr */
  uint8_t securebits, death_signal, tsc, machine_check, io_flusher;
  uint8_t speculation[3]; /* PR_GET_SPECULATION_CTRL, by number of the misfeature */
  int32_t memory_policy;  /* get_mempolicy(): mode and its flags */
  uint64_t memory_nodes;
  uint8_t cpuid; /* ARCH_GET_CPUID */
  uint8_t reserved[3];
  uint32_t timer_slack; /* nanoseconds; larger ones are not told */
};

/* Bits of cairn_guest::untold. */
enum {
  CAIRN_UNTOLD_SYSCALL_DISPATCH = 1, /* a thread has its system calls dispatched (PR_SET_SYSCALL_USER_DISPATCH) */
  CAIRN_UNTOLD_LANDLOCK = 2,         /* a thread has restricted itself (landlock_restrict_self) */
  CAIRN_UNTOLD_NOTIFICATION = 4      /* it has asked to be told of messages (mq_notify); perhaps not any more */
};

struct cairn_thread {
  uint32_t state; /* futex */
  int32_t tid;    /* as of the image; rewritten at restart */
  uint64_t guest_fs;
  uint64_t frame;     /* address of the ucontext of the stop signal's frame */
  uint64_t clear_tid; /* clear_child_tid address */
  uint64_t robust_head;
  uint64_t robust_len;
  struct cairn_context context;
  struct cairn_thread_settings settings;
};

/* Once a thread had the number `before`; now it has `now`. */
struct cairn_number {
  int32_t before, now;
};

/* One thread's turn with the numbers of descriptors. Kernel and libc give every new descriptor the lowest free number,
 * the host's too, which it moves up at once; the guest closes numbers that it does not have, and counts on getting the
 * lowest. So neither does while the other is at it: the guest's thread says in `word` that it begins, and looks at the
 * table's `host_turns`; the host makes that odd, and then waits for the words. Lasts for one system call.
 * `word`: the lowest two bits say what, the others count. A thread that finds the host at it says its word in `queued`
 * while it waits; the host, which may have many turns in a row, lets those go first that it finds there. */
enum { CAIRN_TURN_NONE = 0, CAIRN_TURN_BEGINS = 1, CAIRN_TURN_CLOSES = 2, CAIRN_TURN_MAKES = 3, CAIRN_TURN_MASK = 3 };
struct cairn_turn {
  uint32_t word;
  uint32_t taken; /* by a thread */
  uint32_t queued;
  uint32_t unused[13];
};
#define CAIRN_TURNS 4096
struct cairn_turns {
  uint32_t used; /* none has been taken from there on */
  uint32_t unused[15];
  struct cairn_turn of[CAIRN_TURNS];
};

/* System V objects that the program has got or used by libc's functions: nobody can ask the kernel which. `id` is what
 * the program knows it by; `now` the kernel's number, another one where a restart could not have the same. Entries come
 * and go under `lock`, with all signals blocked; who only looks, reads `kind` first. */
enum { CAIRN_SYSTEM_V_NONE = 0, CAIRN_SYSTEM_V_MEMORY = 1, CAIRN_SYSTEM_V_SEMAPHORES = 2, CAIRN_SYSTEM_V_QUEUE = 3 };
struct cairn_system_v_object {
  uint32_t kind;
  int32_t id, now;
  uint32_t made; /* by this process, or the one that it is a copy of: core/abi/system_v.hpp */
};
/* What the kernel undoes when the process ends (SEM_UNDO), but for what is under way. */
struct cairn_semaphore_undo {
  int32_t id;
  uint16_t number;
  int16_t adjust; /* 0: none */
  int64_t since;  /* CLOCK_REALTIME, seconds: of its first operation */
};
/* An operation with SEM_UNDO that a thread stands in, but no handler of the program's. It is done and not noted yet if
 * `result` is 0; of an older libcr also if it was stopped at `after_call` with 0 in rax. */
struct cairn_semaphore_call {
  int32_t tid; /* 0: none */
  int32_t id;
  uint32_t count;
  uint32_t unused;
  uint64_t operations; /* struct sembuf[count] */
  int64_t result;
};
#define CAIRN_SYSTEM_V_OBJECTS 256
#define CAIRN_SEMAPHORE_UNDOS 128
#define CAIRN_SEMAPHORE_CALLS 128
struct cairn_system_v {
  uint32_t lock;
  uint32_t used;     /* objects[] from there on are free */
  uint32_t changed;  /* there is an object with another number */
  uint32_t overflow; /* there were more than can be noted */
  uint64_t after_call;
  struct cairn_system_v_object objects[CAIRN_SYSTEM_V_OBJECTS];
  struct cairn_semaphore_undo undos[CAIRN_SEMAPHORE_UNDOS];
  struct cairn_semaphore_call calls[CAIRN_SEMAPHORE_CALLS];
};

struct cairn_guest {
  uint64_t magic;
  uint32_t version;
  uint32_t size;
  int32_t tid_offset; /* of the tid in the guest's thread descriptor, from fs; found, not assumed */
  uint32_t threads_max;
  struct cairn_thread *threads; /* threads_max slots; slot 0 is the process's main thread */

  uint32_t stop_wanted; /* futex: epoch, or 0 */
  uint32_t stopped;     /* futex: how many threads stand STOPPED for this epoch */
  uint32_t release;     /* futex: last epoch released */
  int32_t stop_result;
  uint32_t revive_go;  /* futex: epoch whose revived threads may go on */
  uint32_t generation; /* how often this guest has got a host; counted by the host, before on_revive */

  uint32_t thread_callbacks; /* registered thread-context callbacks */
  uint32_t callback_ask;     /* futex */
  uint32_t callback_ready;   /* futex */
  int32_t callback_verdict;  /* 0 ready, CR_EOMITTED, CR_ETEMPFAIL, CR_EPERMFAIL */
  char callback_message[256];
  uint32_t callback_resume; /* futex */
  int32_t callback_result;  /* 0 continue, 1 restart, < 0 failure */
  uint32_t callback_done;   /* futex */
  int32_t cs_refused;       /* 1 while an application critical section is held past the deadline */

  /* Called by the reviving host on the main thread with the main guest thread's fs, before any other guest
   * thread exists. Must not use anything of the old host. May call back into the table. */
  void (*on_revive)(void);
  /* True if `handler` is one of libcr's own signal trampolines. TLS-free, callable with either fs. */
  int (*is_own_handler)(uint64_t handler);
  /* The new job's environment, for on_revive: NUL-terminated entries, one after the other, in a mapping of the
   * guest that on_revive may unmap. "NAME=VALUE" sets, "NAME" removes, "NAME*" removes every variable whose name
   * begins with NAME. Applied in order. 0: nothing to do. */
  uint64_t revive_environment;
  uint64_t revive_environment_size; /* bytes */
  /* A signal-context callback has refused: the first one's CR_E... code, else 0. The host clears it before it
   * stops the threads and reads it when all stand. */
  int32_t stop_verdict;
  uint32_t threads_in_callbacks; /* futex: how many are in their signal-context callbacks; 0 in an older libcr */
  /* Signals whose action the program has set itself; bit 0 is signal 1. In an older libcr none. Atomic. */
  uint64_t chosen_signals;
  /* Numbers that have changed in restarts, ascending by `before`; for owners of locks. The list is in a mapping of the
   * guest; the host makes a new one when numbers change again. 0: none have. */
  uint64_t numbers; /* struct cairn_number[number_count] */
  /* The data of the guest's ld.so that its own locks are in. 0: unknown. */
  uint64_t loader_data;
  uint32_t number_count, loader_data_size;
  /* What the program has set that the kernel does not tell: CAIRN_UNTOLD_...; in an older libcr none. Atomic. */
  uint64_t untold;
  /* Where a thread's struct cairn_light is, from its thread pointer. 0, and the end of the struct before: an older
   * libcr. */
  int64_t light_place;
  struct cairn_system_v system_v; /* the end of the struct before: an older libcr */
};

#ifdef __cplusplus
}
#endif
#endif
