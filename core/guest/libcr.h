/* SPDX-License-Identifier: Apache-2.0 */
/* libcr: how a program, or a library, takes part in the checkpoints that are taken of its process.
 * Source-compatible with the libcr of Berkeley Lab Checkpoint/Restart 0.8: same names, values and results, so that
 * programs written for it compile and behave. docs/libcr.md has the whole picture and an example.
 *
 * Errors: int functions return -1 and set errno to a system error or to one of CR_E... below, except where it says
 * otherwise. In a process without a host (not started by cr_run, mpirun --with-cr, ...) cr_init() fails with
 * CR_ENOSUPPORT and everything else with CR_ENOINIT, but for requests that are about other processes: these work.
 * Threads: every thread calls cr_init() once before it uses anything else; callbacks need not. All functions are
 * thread-safe; those marked "signal-safe" may be called from signal handlers too.
 */
#ifndef CAIRN_LIBCR_H
#define CAIRN_LIBCR_H

#include <errno.h>
#include <sys/select.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Errors, beside the system's. */
enum {
  CR_ETEMPFAIL = 65536, /* the checkpoint was given up; asking again may work */
  CR_EPERMFAIL,         /* this process can never be saved */
  CR_ENOSUPPORT,        /* a process involved has no checkpoint support: no host, no libcr */
  CR_EVERSION,          /* library and caller, or library and host, do not know each other's version */
  CR_EOMITTED,          /* a callback had the process left out */
  CR_EBADARCH,          /* the context file is another architecture's */
  CR_EPTRACED,          /* a process is being debugged */
  CR_EPTRACER,          /* a process debugs others */
  CR_ERSTRTABRT,        /* the restart was given up */
  CR_ERESTARTED,        /* the caller was restarted from the very checkpoint it asks about: it succeeded */
  CR_ENOTCB,            /* only callbacks may call this (and cr_checkpoint() once only) */
  CR_ENOINIT            /* the calling thread has not called cr_init() */
};
/* Text for these and for the system's errors. Never null; static, or valid until the thread's next call. */
const char *cr_strerror(int error);

/* --- clients --- */
typedef int cr_client_id_t;                 /* >= 0, of the calling thread */
#define CR_ID_CALLBACK ((cr_client_id_t)-1) /* for code that runs in a callback */
cr_client_id_t cr_init(void);               /* negative on failure, errno CR_ENOSUPPORT or CR_EVERSION */

/* --- callbacks --- */
typedef int (*cr_callback_t)(void *);
typedef int cr_callback_id_t; /* >= 0 */
#define CR_MAX_CALLBACKS 0x1FFFFFF
#define CR_SIGNAL_CONTEXT \
  0x2000000 /* runs in the thread that registered it, in a signal handler; last registered first */
#define CR_THREAD_CONTEXT 0x4000000 /* runs in a thread of libcr's, while the program runs on */
/* `flags` is one of the two contexts. All thread-context callbacks have called cr_checkpoint() before the first
 * signal-context one runs. EINVAL, ENOMEM, EBUSY (from within a callback), CR_ENOINIT. */
cr_callback_id_t cr_register_callback(cr_callback_t function, void *argument, int flags);
/* Puts another callback in the place of `id`; a null function disables it. The context cannot change. */
int cr_replace_callback(cr_callback_id_t id, cr_callback_t function, void *argument, int flags);
/* The same for the callback that is running. CR_ENOTCB elsewhere. */
int cr_replace_self(cr_callback_t function, void *argument, int flags);

enum {
  CR_CHECKPOINT_READY = 0,
  CR_CHECKPOINT_TEMP_FAILURE = 1,
  CR_CHECKPOINT_PERM_FAILURE = 2,
  CR_CHECKPOINT_OMIT = 4
};
/* With an error of the callback's own choice (1..65535) in place of CR_ETEMPFAIL or CR_EPERMFAIL. */
#define CR_CHECKPOINT_TEMP_FAILURE_CODE(code) (CR_CHECKPOINT_TEMP_FAILURE | ((code) << 16))
#define CR_CHECKPOINT_PERM_FAILURE_CODE(code) (CR_CHECKPOINT_PERM_FAILURE | ((code) << 16))
/* The callback's turn is over until the checkpoint is taken. 0: taken, the program goes on. > 0: restarted from it.
 * < 0: -CR_E... or the negative of the chosen error: not taken. A callback that returns without calling it stands
 * for CR_CHECKPOINT_READY. */
int cr_checkpoint(int flags);
/* Cairn's addition: why the callback is about to refuse, shown to whoever asked for the checkpoint. Truncated to
 * 255 bytes, with blanks for control characters. Thread-context callbacks only. */
int cr_set_refusal(const char *text);
/* Cairn's addition: critical sections may be entered again, while the callback waits for what the program has to do
 * before. Thread-context callbacks only. */
int cr_reopen_cs(void);
/* ... and no more. > 0: a thread is still in one; call again, or reopen and refuse. Before CR_CHECKPOINT_READY. */
int cr_reclose_cs(void);

/* --- what is going on (callbacks only; null elsewhere) --- */
typedef enum { CR_SCOPE_PROC, CR_SCOPE_PGRP, CR_SCOPE_SESS, CR_SCOPE_TREE } cr_scope_t;
struct cr_checkpoint_info {
  int signal;       /* sent to the processes afterwards; 0: none */
  const char *dest; /* context file; empty if it is not a file */
  pid_t requester;
  pid_t target; /* process, group or session asked for */
  cr_scope_t scope;
};
struct cr_restart_info {
  pid_t requester;
  const char *src; /* context file */
};
const struct cr_checkpoint_info *cr_get_checkpoint_info(void); /* before cr_checkpoint() */
const struct cr_restart_info *cr_get_restart_info(void);       /* after it */
enum { CR_STATE_IDLE, CR_STATE_PENDING, CR_STATE_ACTIVE };
int cr_status(void); /* signal-safe */
/* Adds processes to the checkpoint whose callback this is. ENOSYS: the scope of a request is fixed when it is made. */
int cr_forward_checkpoint(cr_scope_t scope, pid_t target);

/* --- critical sections: no checkpoint begins while a thread is in one. Signal-safe, nestable --- */
int cr_enter_cs(cr_client_id_t id);    /* waits while a checkpoint is pending or being taken */
int cr_tryenter_cs(cr_client_id_t id); /* > 0: would have to wait, not entered */
int cr_leave_cs(cr_client_id_t id);    /* a pending checkpoint is taken before this returns */

/* --- checkpoints that a program asks for --- */
typedef int cr_version_t;
#define CR_CHECKPOINT_ARGS_VERSION 1
#define CR_CHKPT_PROHIBIT_SELF 0x00000001 /* EDEADLK if the caller would be among those saved */
#define CR_CHKPT_PTRACED_ALLOW 0x00000002
#define CR_CHKPT_PTRACED_SKIP 0x00000004
#define CR_CHKPT_PTRACER_SKIP 0x00000008
#define CR_CHKPT_ASYNC_ERR 0x00000010 /* errors at cr_reap_checkpoint() instead of at the request */
#define CR_CHKPT_DUMP_EXEC 0x0200     /* contents of the executable, not just its name */
#define CR_CHKPT_DUMP_PRIVATE 0x0400  /* ... of files mapped privately (libraries) */
#define CR_CHKPT_DUMP_SHARED 0x0800   /* ... of files mapped shared */
#define CR_CHKPT_DUMP_ALL (CR_CHKPT_DUMP_EXEC | CR_CHKPT_DUMP_PRIVATE | CR_CHKPT_DUMP_SHARED)
#define CR_DEST_CWD (-4096) /* cr_fd: files context.PID in the requester's directory */

typedef struct cr_checkpoint_args {
  cr_version_t cr_version;
  cr_scope_t cr_scope;
  pid_t cr_target;         /* 0: the caller */
  int cr_fd;               /* written to; may be closed once the request is made */
  int cr_signal;           /* sent when done; 0: none */
  unsigned int cr_timeout; /* seconds; 0: the default */
  unsigned int cr_flags;
} cr_checkpoint_args_t;
typedef unsigned long cr_checkpoint_handle_t;

#define cr_initialize_checkpoint_args_t(args) cri_init_checkpoint_args_t(CR_CHECKPOINT_ARGS_VERSION, (args))
int cri_init_checkpoint_args_t(cr_version_t version, cr_checkpoint_args_t *args); /* by the macro above only */
int cr_request_checkpoint(cr_checkpoint_args_t *args, cr_checkpoint_handle_t *handle);
/* > 0 done (well or badly), 0 not before the limit, < 0: EINVAL, EINTR. The time that is left is stored back. */
int cr_wait_checkpoint(cr_checkpoint_handle_t *handle, struct timeval *limit);
/* The messages of the request; returns the bytes they need with their NUL, 0 if there are none. */
int cr_log_checkpoint(cr_checkpoint_handle_t *handle, unsigned int size, char *text);
/* > 0: succeeded. < 0: errno says how it failed; EAGAIN: not done yet; CR_ERESTARTED: the caller comes out of a
 * restart from it. Except after EAGAIN the handle is used up. */
int cr_reap_checkpoint(cr_checkpoint_handle_t *handle);
/* wait, log and reap in one. *text is to be freed by the caller. */
#define CR_POLL_CHKPT_ERR_PRE (-1)
#define CR_POLL_CHKPT_ERR_POST (-2)
#define CR_POLL_CHKPT_ERR_LOG (-3)
int cr_poll_checkpoint(cr_checkpoint_handle_t *handle, struct timeval *limit);
int cr_poll_checkpoint_msg(cr_checkpoint_handle_t *handle, struct timeval *limit, char **text);
/* The oldest interface: a checkpoint of the caller to context.PID, to a file, to a descriptor. Returns when the
 * request is made; 0 or -1. */
int cr_request(void);
int cr_request_file(const char *path);
int cr_request_fd(int fd);

/* --- restarts that a program asks for. They take no host of the caller's, and no cr_init(); a restart of a job's rank
 * is refused (ompi-restart). Not signal-safe --- */
#define CR_RESTART_ARGS_VERSION 1
#define CR_RSTRT_ASYNC_ERR 0x00000001    /* errors at cr_reap_restart(). Always so, but for wrong arguments */
#define CR_RSTRT_RESTORE_PID 0x00000002  /* the numbers that the processes had, if they can be had (the default) */
#define CR_RSTRT_RESTORE_PGID 0x00000004 /* ... and process groups: ENOSYS */
#define CR_RSTRT_RESTORE_SID 0x00000008  /* ... and sessions: ENOSYS */

/* Paths that begin with `oldpath` begin with `newpath` now. The first that fits counts. */
struct cr_rstrt_relocate_pair {
  const char *oldpath;
  const char *newpath;
};
struct cr_rstrt_relocate {
  unsigned int count; /* of the pairs, at most CR_MAX_RSTRT_RELOC */
  __extension__ struct cr_rstrt_relocate_pair path[0];
};
#define CR_MAX_RSTRT_RELOC 16
/* Bytes of one with so many pairs. */
#define CR_RSTRT_RELOCATE_SIZE(count) \
  (sizeof(struct cr_rstrt_relocate) + (count) * sizeof(struct cr_rstrt_relocate_pair))

typedef struct cr_restart_args {
  cr_version_t cr_version;
  int cr_fd;     /* context file, or the directory of a tree; may be closed once the request is made */
  int cr_signal; /* sent to the processes when they are back; 0: none */
  unsigned int cr_flags;
  struct cr_rstrt_relocate *cr_relocate; /* null: none. Not needed once the request is made */
} cr_restart_args_t;
typedef unsigned long cr_restart_handle_t;

#define cr_initialize_restart_args_t(args) cri_init_restart_args_t(CR_RESTART_ARGS_VERSION, (args))
int cri_init_restart_args_t(cr_version_t version, cr_restart_args_t *args); /* by the macro above only */
/* The process is made as a child of the caller, and with SIGCHLD. 0, or -1: EINVAL, EBADF, ENOSYS, CR_ENOSUPPORT (the
 * command cr_restart is not there), or that no memory, descriptor or process could be had. */
int cr_request_restart(cr_restart_args_t *args, cr_restart_handle_t *handle);
/* > 0 done (well or badly), 0 not before the limit, < 0: EINVAL, EINTR. The time that is left is stored back. */
int cr_wait_restart(cr_restart_handle_t *handle, struct timeval *limit);
/* What the restart has said so far; returns the bytes it needs with its NUL, 0 if there is nothing. */
int cr_log_restart(cr_restart_handle_t *handle, unsigned int size, char *text);
/* > 0: succeeded. It is the number of the process, for waitpid(). < 0: errno says how it failed; EAGAIN: not done yet.
 * Except after EAGAIN the handle is used up, and after a failure there is no child any more. */
int cr_reap_restart(cr_restart_handle_t *handle);
/* wait, log and reap in one. *text is to be freed by the caller. */
#define CR_POLL_RSTRT_ERR_PRE (-1)
#define CR_POLL_RSTRT_ERR_POST (-2)
#define CR_POLL_RSTRT_ERR_LOG (-3)
int cr_poll_restart(cr_restart_handle_t *handle, struct timeval *limit);
int cr_poll_restart_msg(cr_restart_handle_t *handle, struct timeval *limit, char **text);

/* --- hooks: run in every thread that goes on, by what kind of thread it is --- */
typedef enum {
  CR_HOOK_CONT_SIGNAL_CONTEXT = 0,
  CR_HOOK_CONT_THREAD_CONTEXT,
  CR_HOOK_CONT_NO_CALLBACKS,
  CR_HOOK_RSTRT_SIGNAL_CONTEXT,
  CR_HOOK_RSTRT_THREAD_CONTEXT,
  CR_HOOK_RSTRT_NO_CALLBACKS,
  CR_NUM_HOOKS
} cr_hook_event_t;
typedef void (*cr_hook_fn_t)(cr_hook_event_t);
#define CR_HOOK_FN_ERROR ((cr_hook_fn_t)(~0UL))
cr_hook_fn_t cr_register_hook(cr_hook_event_t event, cr_hook_fn_t hook); /* returns the one before */

/* --- holding threads until all callbacks are through. Cairn holds only what is asked for: the defaults of
 * both scopes are CR_HOLD_NONE (a held thread may own a lock that a callback needs) --- */
enum { CR_HOLD_SCOPE_THREAD, CR_HOLD_SCOPE_INIT, CR_HOLD_SCOPE_UNINIT };
#define CR_HOLD_READ (-1)
#define CR_HOLD_NONE 0
#define CR_HOLD_CONT 1
#define CR_HOLD_RSTRT 2
#define CR_HOLD_BOTH (CR_HOLD_CONT | CR_HOLD_RSTRT)
#define CR_HOLD_DFLT 4
int cr_hold_ctrl(int scope, int flags); /* returns the value before. Signal-safe */

/* libcr's per-thread state lives as long as its thread: nothing to count. Kept for programs that call them. */
int cr_inc_persist(void);
int cr_dec_persist(void);

/* --- spinlocks that signal handlers may use --- */
typedef unsigned int cr_spinlock_t;
#define CR_SPINLOCK_INITIALIZER 0U
void cr_spinlock_init(cr_spinlock_t *lock);
void cr_spinlock_lock(cr_spinlock_t *lock);
void cr_spinlock_unlock(cr_spinlock_t *lock);
int cr_spinlock_trylock(cr_spinlock_t *lock); /* non-zero: got it */

#ifdef __cplusplus
}
#endif
#endif
