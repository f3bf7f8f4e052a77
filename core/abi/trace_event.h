/* SPDX-License-Identifier: Apache-2.0 */
/* The trace ring: what happened last in a hosted process, across both halves, also in frozen-world code.
 * Off unless CAIRN_TRACE=PREFIX is in the environment; then each process maps the file PREFIX.PID and writes to it
 * without system calls, so that a killed or stuck process can be read afterwards (tools/trace). */
#ifndef CAIRN_ABI_TRACE_EVENT_H
#define CAIRN_ABI_TRACE_EVENT_H

#include <stdint.h>

#define CAIRN_TRACE_MAGIC 0x6563617274726e63ULL
#define CAIRN_TRACE_ENTRIES 65536u /* a power of two */

/* One line an event: name, and what its two arguments mean. */
#define CAIRN_TRACE_EVENTS(X)                         \
  X(NONE, "", "")                                     \
  X(HOST_START, "generation", "")                     \
  X(SAVE_BEGIN, "request", "")                        \
  X(CALLBACKS_READY, "epoch", "verdict")              \
  X(STOP_WANTED, "epoch", "threads")                  \
  X(THREAD_STOPPED, "epoch", "slot")                  \
  X(ALL_STOPPED, "epoch", "threads")                  \
  X(DUMP_BEGIN, "areas_in_pause", "areas_deferrable") \
  X(DUMP_END, "bytes", "")                            \
  X(RELEASE, "epoch", "result")                       \
  X(REVIVE_MAPPED, "areas", "bytes")                  \
  X(REVIVE_GO, "epoch", "threads")                    \
  X(CRCP_MODE, "mode", "entry")                       \
  X(CRCP_FENCE, "fence", "entry")                     \
  X(CRCP_DOOR, "communicator", "k")                   \
  X(CRCP_DRAINED, "source", "bytes")                  \
  X(CRCP_SETTLED, "", "")                             \
  X(CRCP_REBUILD, "objects", "")                      \
  X(AGENT_ENTRY, "entry", "kind")                     \
  X(AGENT_RESULT, "entry", "status")

enum cairn_trace_event {
#define CAIRN_TRACE_NAME(name, a, b) CAIRN_TRACE_##name,
  CAIRN_TRACE_EVENTS(CAIRN_TRACE_NAME)
#undef CAIRN_TRACE_NAME
};

struct cairn_trace_record {
  uint64_t nanoseconds; /* CLOCK_MONOTONIC; written last, 0 while the record is being written */
  uint32_t tid;
  uint32_t event;
  uint64_t a, b;
};

struct cairn_trace_ring {
  uint64_t magic;
  uint32_t entries;
  uint32_t pid;
  uint64_t next; /* number of the next record; its place is next % entries */
  uint64_t reserved[5];
  struct cairn_trace_record record[CAIRN_TRACE_ENTRIES];
};

#endif
