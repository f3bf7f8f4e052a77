/* SPDX-License-Identifier: Apache-2.0 */
/* What the coordination protocol (guest, mpi/crcp) asks of its rank's agent (host, pmix/).
 * A service of the MPI host: table->service("cairn.mpi.agent", CAIRN_AGENT_VERSION). All functions are H
 * (core/abi/host_table.h). The pointer is fetched anew after a restart.
 *
 * Fences are one ordered log over all ranks of the job: only agents fence, all of them, none is ever skipped.
 * A failure is a *value* in a fence. The order within one request is join, F0 .. F4 (called by crcp through
 * this interface; older guests have no join, and no fences of verdicts behind F0 and F2) and F5 (results of the images;
 * the agent's own). An aborted request has F0, the fence that said so, the closing fence of QUIESCE.md if mode had been
 * ADMIT, and F5.
 */
#ifndef CAIRN_MPI_ABI_AGENT_H
#define CAIRN_MPI_ABI_AGENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAIRN_AGENT_SERVICE "cairn.mpi.agent"
#define CAIRN_AGENT_VERSION 1u

#define CAIRN_AGENT_UNDECIDED 0
#define CAIRN_AGENT_PASSED 1
#define CAIRN_AGENT_OVER 2

#define CAIRN_AGENT_OBSTACLE 1
#define CAIRN_AGENT_OBSTACLE_FOR_GOOD 2

struct cairn_agent_request {
  uint64_t id;           /* number of the log entry, 1, 2, ... */
  double level_deadline; /* seconds from the start of the request until a rank that is not level votes ABORT */
  double drain_deadline; /* seconds for settle and drain each */
  int32_t obstacle;      /* not 0: this rank's core already knows that it cannot be saved (see text); 2: it never can */
  int32_t term;          /* 1: the job ends after this checkpoint */
  char obstacle_text[512];
};

/* What a thread of the guest is doing in MPI. Strings are never null. */
struct cairn_agent_activity {
  const char *call;   /* "MPI_Recv" */
  const char *object; /* communicator, window or file in words; empty: none, or unknown */
  const char *peers;  /* "from rank 3, tag 7" */
  uint64_t comm;      /* of a collective: identity of its communicator, 0: none */
  uint64_t round;     /* ... and its number there, as with ENTERED below */
  uint64_t frame;     /* address behind the MPI function's return address, on its thread's stack; 0: unknown */
};

struct cairn_agent {
  uint32_t version;
  uint32_t size;
  int32_t rank; /* valid after start() */
  int32_t nranks;

  /* The real MPI_Init has returned: join the log, listen for requests. 0, or -errno. Called by crcp in MPI_Init and
   * again after a restart, where the host's extension may already have done it: a second call does nothing. */
  int (*start)(void);
  /* Parameters of the request now being served; -ENOENT if there is none. */
  int (*request)(struct cairn_agent_request *out);
  /* Contribute n bytes (copied) to the next fence of this request. Never blocks: the caller goes on progressing MPI,
   * without which its peers could not get to the fence. One fence at a time. 0 or -errno; -ECANCELED: the agent has
   * stood in, the guest came too late for this request. */
  int (*fence_begin)(const void *data, uint64_t n);
  /* 1: everybody's contribution is here; 0: not yet; -errno if the job's runtime is gone. Never blocks. */
  int (*fence_test)(void);
  /* Copy rank r's contribution to the last fence into buf (cap bytes); *n is its length, also when > cap.
   * In the first fence of a request a length of 0 means that rank r's callback never ran (its agent stands in for it):
   * the request is aborted, no further fence of crcp follows. */
  int (*part)(int32_t rank, void *buf, uint64_t cap, uint64_t *n);
  /* For ompi-checkpoint -s: "admission: rank 3 is in MPI_Recv for 4 s". Best effort, never blocks. */
  void (*progress)(const char *text);
  /* This rank's guest has entered MPI_Finalize and (crcp says) all ranks have. Ask that the log be closed. */
  void (*want_close)(void);
  /* 1 once the log is closed here: the real MPI_Finalize may be called. Never blocks. */
  int (*closed)(void);
  /* Do all ranks pass step `step` of this request (numbers of the caller's own, all ranks use the same), or is it over
   * there for all? Whichever rank asks first decides by `pass`, for good. One of CAIRN_AGENT_*; undecided: call again.
   * Never blocks. Older hosts do not have it: see `size`. */
  int (*verdict)(uint64_t step, int32_t pass);
  /* The n threads that are in calls which may wait, first the one that most likely keeps others waiting. `late_on`: the
   * communicators on which this rank is behind others, "IDENTITY:ENTERED ...". Copied; best effort, never blocks. Older
   * hosts do not have it: see `size`. */
  void (*doing)(const struct cairn_agent_activity *threads, uint32_t n, const char *late_on);
  /* crcp gives this request up. `own`: why this rank could not go on, for people; empty if it could, and others could
   * not. Copied; never blocks. Older hosts do not have it: see `size`. */
  void (*gives_up)(const char *own);
};

#ifdef __cplusplus
}
#endif
#endif
