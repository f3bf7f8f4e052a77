/* SPDX-License-Identifier: Apache-2.0 */
/* The host <-> guest table, one per process, at CAIRN_TABLE_ADDR. Written by the host at start and again at
 * every restart, read by the guest; never part of an image.
 *
 * Compatibility: `version` changes when the meaning of an existing field does; fields are only ever added at
 * the end and `size` says how many there are. A host revives a guest whose struct cairn_guest it knows
 * (docs/host-guest-table.md); otherwise it refuses and names both versions.
 *
 * Which thread pointer a function wants is part of its type here:
 *   H  call with the host's thread pointer, between cairn_enter() and cairn_leave() (core/abi/crossing.h)
 *   G  call with the guest's thread pointer; the function touches no thread-local storage and no libc
 * No pointer from this table, or returned through it, may be kept in guest memory across a checkpoint, except
 * in places the guest clears and refills at restart.
 */
#ifndef CAIRN_ABI_HOST_TABLE_H
#define CAIRN_ABI_HOST_TABLE_H

#include <stdint.h>

#include "core/abi/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CAIRN_TABLE_MAGIC 0x656c626174726e63ULL
#define CAIRN_TABLE_VERSION 1u

/* What getrusage() counts. */
#define CAIRN_USAGE_COUNTS 14
struct cairn_usage {
  int64_t user_us, system_us;
  int64_t counts[CAIRN_USAGE_COUNTS]; /* ru_maxrss to ru_nivcsw; the first is a maximum */
};

/* How the guest calls what is called often (core/abi/crossing.h). */
enum {
  CAIRN_CROSSING_FULL = 0,  /* with the host's thread pointer */
  CAIRN_CROSSING_LIGHT = 1, /* with the guest's */
  CAIRN_CROSSING_CHECK = 2  /* with one that stands in for the guest's, around which nothing can be read or written */
};

struct cairn_guest; /* core/abi/guest_table.h */
struct cairn_self_request;
struct cairn_turns;

struct cairn_table {
  uint64_t magic;
  uint32_t version;
  uint32_t size;
  uint64_t generation;          /* 0 at first start, +1 at every restart */
  uint64_t main_host_fs;        /* host thread pointer of the process's main thread */
  int64_t host_guest_fs_offset; /* host_fs + this: uint64_t, guest fs of the attached thread, 0 if none */
  char host_path[1024];         /* absolute path of the host executable, for exec */
  char guest_exe[1024];         /* what /proc/self/exe would say were the guest not hosted */
  char host_options[256];       /* options to repeat when exec re-enters the host, blank-separated */
  int32_t fd_base;              /* host descriptors are at or above this number */
  int32_t barrier_fd;           /* node request of the kernel module in which stopped threads stand, or -1 */
  uint64_t nofile_soft;         /* RLIMIT_NOFILE's soft limit as the guest must see it, if the kernel's is higher */

  /* G */
  uint64_t (*borrow_fs)(void); /* host thread pointer for one more guest thread; blocks while none is free */
  void (*return_fs)(uint64_t host_fs);
  void (*attach_guest)(struct cairn_guest *guest);
  int (*is_host_fd)(int fd); /* 1 if fd is one of the host's */

  /* H */
  void *(*dlsym)(const char *name);                     /* address of a symbol of the host's libraries, or null */
  void *(*service)(const char *name, uint32_t version); /* named function table of a host extension, or null */
  /* The guest asks for a checkpoint of itself; returns 0 or a CR_E... code. See core/guest/libcr.h. */
  int (*request_self)(const struct cairn_self_request *request);
  void (*fork_prepare)(void); /* around a guest fork(): host locks held, released, reset in the child */
  void (*fork_parent)(void);
  void (*fork_child)(void);

  /* G and H: the trace ring, core/abi/trace_event.h */
  void (*trace)(uint32_t event, uint64_t a, uint64_t b);

  uint64_t nofile_hard; /* as nofile_soft: the hard limit. The guest writes both; ~0: it is the kernel's */

  /* G. Null in older hosts. What the guest's clocks are ahead of the kernel's, since it was restarted. */
  int64_t (*clock_ahead)(int32_t clock); /* nanoseconds; of the calling thread, if it is that thread's clock */
  void (*usage_ahead)(int32_t who, struct cairn_usage *usage); /* as getrusage() */
  int64_t (*ticks_ahead)(void);                                /* of what times() returns */
  int (*is_host_thread)(int32_t tid);                          /* G. Null in older hosts */

  uint32_t thread_pointer_by_kernel; /* not 0: user space cannot write it here (core/abi/thread_pointer.h) */

  int (*next_host_fd)(int from); /* G. The lowest descriptor of the host's from there on, or INT_MAX */
  /* futex. Whose turn it is with the numbers of descriptors: odd while the host may have some below fd_base for a
   * moment, or makes and closes its own. See struct cairn_turn. */
  uint32_t host_turns;
  uint32_t soft_limit_is_guests; /* 1: the kernel's RLIMIT_NOFILE is the guest's. 0 in older hosts, which need theirs */
  struct cairn_turns *turns; /* the guest's; it writes where they are, at start and when it is revived. Null: none */

  /* A copy that fork made has no threads of the host's. It gets a new host, in its place, when somebody asks for a
   * checkpoint of it, or it has too many threads (core/abi/forked_copy.hpp, docs/host-guest-table.md). */
  struct cairn_guest *guest; /* what attach_guest() was called with */
  int32_t copy;              /* the process's number, in such a copy; else, and while it executes a program, 0 */
  uint32_t adoption;         /* futex: CAIRN_ADOPTION_... */
  uint32_t standing;         /* threads of the guest that wait for the end of an adoption */
  int32_t (*adopt)(void);    /* G. Begins one; CAIRN_ADOPTION_BEGUN has been written. -errno on failure */
  uint64_t copy_host_fs;     /* host thread pointer of the thread that has forked */
  /* H. What the process was started with, for the next host: the number of bytes, of which `size` are written. */
  uint64_t (*tell_start)(uint8_t *bytes, uint64_t size);
  char adoption_failure[256]; /* why the last one has failed */

  uint32_t
      crossing; /* CAIRN_CROSSING_...; the host changes it when libraries come. An older guest always makes full ones */
  uint32_t unused;
  /* H, with CAIRN_CROSSING_CHECK. What stands in for the guest's thread pointer while the calling thread is in a light
   * crossing: begins and ends one. The latter ends the process, by name, if something has been written there. */
  uint64_t (*stand_in_begin)(uint64_t guest_fs);
  void (*stand_in_end)(void);

  uint64_t (*try_borrow_fs)(void); /* G. As borrow_fs; 0 in a copy that has none free: nobody makes more there */

  uint32_t taken;   /* futex. The process's number while a checkpoint of it is taken, else 0 or what a fork has left */
  uint32_t filters; /* seccomp filters that the first program was started under */
};

enum { CAIRN_ADOPTION_NONE = 0, CAIRN_ADOPTION_BEGUN = 1, CAIRN_ADOPTION_DONE = 2, CAIRN_ADOPTION_FAILED = 3 };

#define CAIRN_TABLE ((struct cairn_table *)CAIRN_TABLE_ADDR)

#ifdef __cplusplus
}
#endif
#endif
