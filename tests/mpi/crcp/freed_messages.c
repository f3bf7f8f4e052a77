// SPDX-License-Identifier: Apache-2.0
// Messages whose communicator, datatype or request is freed before they are received.
#include "freed_while_pending.h"

enum { kLong = 200000 };

// ---- a long message, both ends

static int *long_out, *long_in;
static MPI_Request long_requests[2];

static void start_long(void) {
  MPI_Comm copy = copy_of_world();
  MPI_Datatype all;
  long_out = malloc(kLong * sizeof *long_out);
  long_in = calloc(kLong, sizeof *long_in);
  for (int i = 0; i < kLong; ++i) long_out[i] = rank * kLong + i;
  MPI_Type_contiguous(kLong, MPI_INT, &all);
  MPI_Type_commit(&all);
  MPI_Irecv(long_in, 1, all, left, 1, copy, &long_requests[0]);
  MPI_Isend(long_out, 1, all, right, 1, copy, &long_requests[1]);
  MPI_Type_free(&all);
  MPI_Comm_free(&copy);
}

static void finish_long(void) {
  MPI_Waitall(2, long_requests, MPI_STATUSES_IGNORE);
  for (int i = 0; i < kLong; i += 777) check_equal("long message", long_in[i], left * kLong + i);
  free(long_out);
  free(long_in);
}

// ---- a receive that nothing matches

static int unmatched_in;
static MPI_Request unmatched;

static void start_unmatched(void) {
  MPI_Comm copy = copy_of_world();
  MPI_Irecv(&unmatched_in, 1, MPI_INT, left, 1, copy, &unmatched);
  MPI_Comm_free(&copy);
}

static void finish_unmatched(void) {
  int done = 1;
  MPI_Status status;
  MPI_Test(&unmatched, &done, MPI_STATUS_IGNORE);
  check_equal("completion of a receive that nothing matches", done, 0);
  MPI_Cancel(&unmatched);
  MPI_Wait(&unmatched, &status);
  MPI_Test_cancelled(&status, &done);
  check_equal("its cancellation", done, 1);
}

// ---- a message that MPI_Mprobe has given out

static int probed_out, probed_in[3] = {-1, -1, -1};
static MPI_Message probed;
static MPI_Request probed_send;

static void start_probed(void) {
  MPI_Comm copy = copy_of_world();
  int values[2] = {rank, rank + 10};
  MPI_Datatype type;
  probed_out = rank;
  MPI_Isend(&probed_out, 1, MPI_INT, right, 1, copy, &probed_send);
  MPI_Mprobe(left, 1, copy, &probed, MPI_STATUS_IGNORE);
  MPI_Comm_free(&copy);
  type = two_apart();  // of a handle that is used again
  MPI_Sendrecv(values, 2, MPI_INT, right, 7, probed_in, 1, type, left, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Type_free(&type);
}

static void finish_probed(void) {
  MPI_Datatype type;
  MPI_Request request;
  check_equal("message into two parts", probed_in[0] + probed_in[2], 2 * left + 10);
  MPI_Type_contiguous(1, MPI_INT, &type);
  MPI_Type_commit(&type);
  MPI_Imrecv(probed_in, 1, type, &probed, &request);
  MPI_Type_free(&type);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Wait(&probed_send, MPI_STATUS_IGNORE);
  check_equal("probed message", probed_in[0], left);
}

// ---- requests that are freed while active, of communicators that are

static volatile int orphan_in[3];
static int orphan_out[2], orphan_early;
static MPI_Request orphan_late;

static void start_orphan(void) {
  MPI_Comm copy = copy_of_world();
  MPI_Datatype type = two_apart();
  MPI_Request receive, send;
  orphan_out[0] = orphan_out[1] = orphan_early = 100 + rank;
  MPI_Irecv((void *)orphan_in, 1, type, left, 1, copy, &receive);
  MPI_Send_init(orphan_out, 2, MPI_INT, right, 1, copy, &orphan_late);
  MPI_Isend(&orphan_early, 1, MPI_INT, rank, 2, copy, &send);
  MPI_Request_free(&send);
  MPI_Recv(&orphan_early, 1, MPI_INT, rank, 2, copy, MPI_STATUS_IGNORE);
  MPI_Request_free(&receive);
  MPI_Type_free(&type);
  MPI_Comm_free(&copy);
}

static void finish_orphan(void) {
  int flag;
  MPI_Start(&orphan_late);
  while (orphan_in[2] != 100 + left) MPI_Iprobe(MPI_ANY_SOURCE, 99, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
  check_equal("message of a freed request", orphan_in[0], 100 + left);
  MPI_Request_free(&orphan_late);
}

// ---- sends whose requests are freed while active; received after the checkpoint, on a communicator of both

enum { kKinds = 3 };
static MPI_Comm common;
static int *freed_out[kKinds];

static void start_freed_sends(void) {
  common = copy_of_world();
  for (int i = 0; i < kKinds; ++i) {
    MPI_Request request;
    freed_out[i] = malloc(kLong * sizeof(int));
    for (int k = 0; k < kLong; ++k) freed_out[i][k] = rank * kLong + i + k;
    if (i == 0) MPI_Issend(freed_out[i], kLong, MPI_INT, right, i, common, &request);
    if (i == 1) MPI_Send_init(freed_out[i], kLong, MPI_INT, right, i, common, &request);
    if (i == 2) MPI_Ssend_init(freed_out[i], kLong, MPI_INT, right, i, common, &request);
    if (i != 0) MPI_Start(&request);
    MPI_Request_free(&request);
  }
}

static void finish_freed_sends(void) {
  int *in = malloc(kLong * sizeof(int));
  for (int i = kKinds - 1; i >= 0; --i) {
    MPI_Recv(in, kLong, MPI_INT, left, i, common, MPI_STATUS_IGNORE);
    check_equal("first of a freed send", in[0], left * kLong + i);
    check_equal("last of a freed send", in[kLong - 1], left * kLong + i + kLong - 1);
  }
  MPI_Barrier(common);
  MPI_Comm_free(&common);
  for (int i = 0; i < kKinds; ++i) free(freed_out[i]);
  free(in);
}

// ---- the same on a communicator that is freed: only the receiver needs it

static int *last_out, *last_in;
static MPI_Request last;

static void start_last_send(void) {
  MPI_Comm copy = copy_of_world();
  MPI_Request request;
  last_out = malloc(kLong * sizeof(int));
  last_in = calloc(kLong, sizeof(int));
  for (int k = 0; k < kLong; ++k) last_out[k] = rank * kLong + k;
  MPI_Irecv(last_in, kLong, MPI_INT, left, 1, copy, &last);
  MPI_Isend(last_out, kLong, MPI_INT, right, 1, copy, &request);
  MPI_Request_free(&request);
  MPI_Comm_free(&copy);
}

static void finish_last_send(void) {
  MPI_Wait(&last, MPI_STATUS_IGNORE);
  check_equal("first of the last send", last_in[0], left * kLong);
  check_equal("last of the last send", last_in[kLong - 1], left * kLong + kLong - 1);
  MPI_Barrier(MPI_COMM_WORLD);
  free(last_out);
  free(last_in);
}

const Row messages[] = {{"long message on a freed communicator, of a freed datatype", 0, start_long, finish_long},
                        {"unmatched receive on a freed communicator", 0, start_unmatched, finish_unmatched},
                        {"probed message of a freed communicator", 0, start_probed, finish_probed},
                        {"freed requests", 0, start_orphan, finish_orphan},
                        {"freed sends", 0, start_freed_sends, finish_freed_sends},
                        {"freed send on a freed communicator", 0, start_last_send, finish_last_send},
                        {NULL, 0, NULL, NULL}};
