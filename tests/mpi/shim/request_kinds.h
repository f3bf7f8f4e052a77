/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of every kind for statuses.c: how each is begun, and what the neighbour does for it. Ranks are a ring:
 * messages come from the left and go to the right. */
#ifndef CAIRN_TESTS_SHIM_REQUEST_KINDS_H
#define CAIRN_TESTS_SHIM_REQUEST_KINDS_H

#include "say.h"

enum { kUntouched = -77, kMost = 4, kPayload = 3 };
enum { kLate = 100 }; /* tags of the messages of what is done after the hold */
typedef enum {
  nothing,
  idle_send,
  idle_receive,
  sent,
  sent_ready,
  sent_sync,
  sent_buffered,
  received,
  received_empty,
  received_any,
  matched,
  cancelled,
  truncated,
  from_nobody,
  to_nobody,
  started_receive,

  started_send,
  started_sync,
  started_buffered,
  started_from_nobody,
  started_to_nobody,
  barrier,
  broadcast,
  reduced,
  generalized,
  generalized_odd,
  kinds
} Kind;
static const char *const kind_names[] = {"null",
                                         "idle persistent send",
                                         "idle persistent receive",
                                         "send",
                                         "ready send",
                                         "synchronous send",
                                         "buffered send",
                                         "receive",
                                         "empty receive",
                                         "receive from anyone",
                                         "matched receive",
                                         "cancelled receive",
                                         "truncated receive",
                                         "receive from nobody",
                                         "send to nobody",
                                         "persistent receive",

                                         "persistent send",
                                         "synchronous persistent send",
                                         "buffered persistent send",
                                         "persistent receive from nobody",
                                         "persistent send to nobody",
                                         "barrier",
                                         "broadcast",
                                         "reduction",
                                         "generalized",
                                         "generalized, cancelled"};

static MPI_Comm comm;
static int left, right, size;
static int out[8] = {1, 2, 3, 4, 5, 6, 7, 8}, in[kMost][8];

static void fill(MPI_Status *status) {
  memset(status, 0, sizeof *status);
  status->MPI_SOURCE = status->MPI_TAG = status->MPI_ERROR = kUntouched;
  status->_cancelled = 5;
  status->_ucount = 12345;
}

/* What is left to the library: ordinary sends tell of themselves or, if it could send at once, of nobody, and
 * collectives of what was in its memory. */
static MPI_Status comparable(Kind kind, MPI_Status s) {
  const int own =
      (kind == sent || kind == sent_ready || kind == sent_buffered) && s.MPI_SOURCE == say_rank && s._ucount == 12;
  const int collective = kind == barrier || kind == broadcast || kind == reduced;
  if (own || (collective && s.MPI_SOURCE != kUntouched)) {
    s.MPI_SOURCE = MPI_PROC_NULL;
    s.MPI_TAG = MPI_ANY_TAG;
    s._ucount = 0;
  }
  return s;
}

static void show(const char *what, Kind kind, int i, const MPI_Status *status) {
  const MPI_Status s = comparable(kind, *status);
  say("%s, %s %d: source %d tag %d error %d cancelled %d count %ld", what, kind_names[kind], i, s.MPI_SOURCE, s.MPI_TAG,
      s.MPI_ERROR, s._cancelled, (long)s._ucount);
}

static int query(void *odd, MPI_Status *status) {
  MPI_Status_set_elements(status, MPI_INT, 7);
  MPI_Status_set_cancelled(status, odd != NULL);
  status->MPI_SOURCE = 55;
  status->MPI_TAG = 66;
  return odd != NULL ? MPI_ERR_OTHER : MPI_SUCCESS;
}
static int no_free(void *odd) { return odd == NULL ? MPI_SUCCESS : MPI_SUCCESS; }
static int no_cancel(void *odd, int complete) { return odd == NULL && complete ? MPI_SUCCESS : MPI_SUCCESS; }

/* What the neighbour needs for this one. */
static void send_partner(Kind kind, int tag, MPI_Request *partner) {
  static int sink[8];
  *partner = MPI_REQUEST_NULL;
  switch (kind) {
    case received:
    case received_any:
    case matched:
    case started_receive:
      MPI_Isend(out, kPayload, MPI_INT, right, tag, comm, partner);
      break;
    case truncated:
      MPI_Isend(out, 8, MPI_INT, right, tag, comm, partner);
      break;
    case received_empty:
      MPI_Isend(out, 0, MPI_INT, right, tag, comm, partner);
      break;
    case sent:
    case sent_ready:
    case sent_sync:
    case sent_buffered:
    case started_send:
    case started_sync:
    case started_buffered:
      MPI_Irecv(sink, 8, MPI_INT, left, tag, comm, partner);
      break;
    default:
      break;
  }
}

static void start_persistent(Kind kind, int tag, int *buffer, MPI_Request *request) {
  switch (kind) {
    case started_receive:
      MPI_Recv_init(buffer, 8, MPI_INT, left, tag, comm, request);
      break;
    case started_send:
      MPI_Send_init(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case started_sync:
      MPI_Ssend_init(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case started_buffered:
      MPI_Bsend_init(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case started_from_nobody:
      MPI_Recv_init(buffer, 8, MPI_INT, MPI_PROC_NULL, tag, comm, request);
      break;
    default:
      MPI_Send_init(out, 8, MPI_INT, MPI_PROC_NULL, tag, comm, request);
  }
  MPI_Start(request);
}

static void start_local(Kind kind, int tag, int *buffer, MPI_Request *request) {
  switch (kind) {
    case idle_send:
      MPI_Send_init(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case idle_receive:
      MPI_Recv_init(buffer, 8, MPI_INT, left, tag, comm, request);
      break;
    case cancelled:
      MPI_Irecv(buffer, 8, MPI_INT, left, 999, comm, request);
      MPI_Cancel(request);
      break;
    case from_nobody:
      MPI_Irecv(buffer, 8, MPI_INT, MPI_PROC_NULL, tag, comm, request);
      break;
    case to_nobody:
      MPI_Isend(out, 8, MPI_INT, MPI_PROC_NULL, tag, comm, request);
      break;
    case barrier:
      MPI_Ibarrier(comm, request);
      break;
    case broadcast:
      MPI_Ibcast(buffer, 2, MPI_INT, 0, comm, request);
      break;
    case reduced:
      MPI_Iallreduce(out, buffer, 2, MPI_INT, MPI_SUM, comm, request);
      break;
    case generalized:
    case generalized_odd:
      MPI_Grequest_start(query, no_free, no_cancel, kind == generalized ? NULL : (void *)&size, request);
      MPI_Grequest_complete(*request);
      break;
    default:
      *request = MPI_REQUEST_NULL;
  }
}

static void start(Kind kind, int tag, int *buffer, MPI_Request *request) {
  MPI_Message message;
  MPI_Status status;
  if (kind >= started_receive && kind <= started_to_nobody) {
    start_persistent(kind, tag, buffer, request);
    return;
  }
  switch (kind) {
    case sent:
      MPI_Isend(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case sent_ready:
      MPI_Irsend(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case sent_sync:
      MPI_Issend(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case sent_buffered:
      MPI_Ibsend(out, kPayload, MPI_INT, right, tag, comm, request);
      break;
    case received:
    case received_empty:
      MPI_Irecv(buffer, 8, MPI_INT, left, tag, comm, request);
      break;
    case received_any:
      MPI_Irecv(buffer, 8, MPI_INT, MPI_ANY_SOURCE, tag, comm, request);
      break;
    case truncated:
      MPI_Irecv(buffer, 2, MPI_INT, left, tag, comm, request);
      break;
    case matched:
      fill(&status);
      MPI_Mprobe(left, tag, comm, &message, &status);
      show("Mprobe", kind, 0, &status);
      MPI_Imrecv(buffer, 8, MPI_INT, &message, request);
      break;
    default:
      start_local(kind, tag, buffer, request);
  }
}

#endif
