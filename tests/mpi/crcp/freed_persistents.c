// SPDX-License-Identifier: Apache-2.0
// Persistent requests on communicators, and of datatypes, that are freed.
// clang-format off
#include "freed_while_pending.h"
#include <mpi-ext.h>
// clang-format on

// ---- a receive that is active at the checkpoint; its message is sent afterwards

static int pair_out[3], pair_in[3];
static MPI_Request pair[2];  // receive, send

static void start_pair(void) {
  MPI_Comm copy = copy_of_world();
  MPI_Datatype type = two_apart();
  MPI_Recv_init(pair_in, 1, type, left, 1, copy, &pair[0]);
  MPI_Send_init(pair_out, 1, type, right, 1, copy, &pair[1]);
  MPI_Type_free(&type);
  MPI_Comm_free(&copy);
  MPI_Start(&pair[0]);
}

static void finish_pair(void) {
  for (int round = 0; round < 3; ++round) {
    pair_out[0] = pair_out[2] = 10 * rank + round;
    if (round == 0)
      MPI_Start(&pair[1]);
    else
      MPI_Startall(2, pair);
    MPI_Waitall(2, pair, MPI_STATUSES_IGNORE);
    check_equal("first part", pair_in[0], 10 * left + round);
    check_equal("second part", pair_in[2], 10 * left + round);
    check_equal("what is between", pair_in[1], 0);
  }
  MPI_Request_free(&pair[0]);
  MPI_Request_free(&pair[1]);
}

// ---- messages that are sent before the checkpoint, and received after it

static int sent[3], got[3];
static MPI_Request receives[3], sends[2];
static char room[1000];

static void start_sent(void) {
  MPI_Comm copy = copy_of_world();
  for (int i = 0; i < 3; ++i) {
    sent[i] = 1000 * i + rank;
    MPI_Recv_init(&got[i], 1, MPI_INT, left, i, copy, &receives[i]);
  }
  MPI_Buffer_attach(room, sizeof room);
  MPI_Issend(&sent[0], 1, MPI_INT, right, 0, copy, &sends[0]);
  MPI_Isend(&sent[1], 1, MPI_INT, right, 1, copy, &sends[1]);
  MPI_Bsend(&sent[2], 1, MPI_INT, right, 2, copy);
  MPI_Comm_free(&copy);
}

static void finish_sent(void) {
  int done = 1, size;
  void* buffer;
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Test(&sends[0], &done, MPI_STATUS_IGNORE);
  check_equal("completion of a synchronous send before its receive", done, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Startall(3, receives);
  MPI_Waitall(3, receives, MPI_STATUSES_IGNORE);
  MPI_Waitall(2, sends, MPI_STATUSES_IGNORE);
  for (int i = 0; i < 3; ++i) {
    check_equal("message for a persistent receive", got[i], 1000 * i + left);
    MPI_Request_free(&receives[i]);
  }
  MPI_Buffer_detach(&buffer, &size);
}

// ---- an error on a freed communicator is told to its freed error handler

static int too_long[2], too_short, told;
static MPI_Request truncating[2];

static void on_error(MPI_Comm* comm, int* code, ...) {
  int error_class;
  (void)comm;
  MPI_Error_class(*code, &error_class);
  check_equal("error class", error_class, MPI_ERR_TRUNCATE);
  ++told;
}

static void start_error(void) {
  MPI_Comm copy = copy_of_world();
  MPI_Errhandler handler;
  MPI_Comm_create_errhandler(on_error, &handler);
  MPI_Comm_set_errhandler(copy, handler);
  MPI_Errhandler_free(&handler);
  MPI_Irecv(&too_short, 1, MPI_INT, left, 1, copy, &truncating[0]);
  MPI_Send_init(too_long, 2, MPI_INT, right, 1, copy, &truncating[1]);
  MPI_Comm_free(&copy);
}

static void finish_error(void) {
  MPI_Start(&truncating[1]);
  MPI_Wait(&truncating[0], MPI_STATUS_IGNORE);
  MPI_Wait(&truncating[1], MPI_STATUS_IGNORE);
  MPI_Request_free(&truncating[1]);
  check_equal("calls of the error handler", told, 1);
}

// ---- collectives on freed communicators: idle at the checkpoint, begun, or recorded

static int mine[2], around[2], sum, late_sum;
static MPI_Request repeated[2];  // on a ring, and on a duplicate

static void start_repeated(void) {
  const int size = 4, periodic = 1;
  MPI_Comm copy = copy_of_world(), ring;
  MPI_Cart_create(MPI_COMM_WORLD, 1, &size, &periodic, 0, &ring);
  MPIX_Neighbor_allgather_init(mine, 1, MPI_INT, around, 1, MPI_INT, ring, MPI_INFO_NULL, &repeated[0]);
  MPIX_Allreduce_init(&mine[1], &sum, 1, MPI_INT, MPI_SUM, copy, MPI_INFO_NULL, &repeated[1]);
  MPI_Comm_free(&ring);
  MPI_Comm_free(&copy);
  mine[1] = rank;
  MPI_Start(&repeated[1]);
}

static void finish_repeated(void) {
  MPI_Wait(&repeated[1], MPI_STATUS_IGNORE);
  check_equal("a sum begun before the checkpoint", sum, 6);
  for (int round = 1; round < 4; ++round) {
    mine[0] = mine[1] = 10 * round + rank;
    MPI_Startall(2, repeated);
    MPI_Waitall(2, repeated, MPI_STATUSES_IGNORE);
    check_equal("the left neighbour's", around[0], 10 * round + left);
    check_equal("the right neighbour's", around[1], 10 * round + right);
    check_equal("a sum", sum, 40 * round + 6);
  }
  MPI_Request_free(&repeated[0]);
  MPI_Request_free(&repeated[1]);
}

static MPI_Request late, partly;

void prepare_late_persistent(void) {
  MPI_Comm copy = copy_of_world();
  MPIX_Allreduce_init(&rank, &late_sum, 1, MPI_INT, MPI_SUM, copy, MPI_INFO_NULL, &late);
  MPI_Comm_free(&copy);
  copy =
      copy_of_world();  // nobody can start this one: two ranks have freed theirs, one of them behind the communicator
  MPIX_Barrier_init(copy, MPI_INFO_NULL, &partly);
  if (rank == 1) MPI_Request_free(&partly);
  MPI_Comm_free(&copy);
  if (rank == 2) MPI_Request_free(&partly);
}

static void start_late(void) {
  MPI_Start(&late);
  if (rank == 0) MPI_Request_free(&late);
}

static void finish_late(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank != 0) {
    MPI_Wait(&late, MPI_STATUS_IGNORE);
    check_equal("a sum that was recorded", late_sum, 6);
    MPI_Request_free(&late);
  }
  if (partly != MPI_REQUEST_NULL) MPI_Request_free(&partly);
}

const Row persistents[] = {
    {"persistent requests on a freed communicator, of a freed datatype", 0, start_pair, finish_pair},
    {"messages for persistent receives on a freed communicator", 0, start_sent, finish_sent},
    {"error on a freed communicator", 0, start_error, finish_error},
    {"persistent collectives on freed communicators", 0, start_repeated, finish_repeated},
    {"a recorded start on a freed communicator", 1, start_late, finish_late},
    {NULL, 0, NULL, NULL}};
