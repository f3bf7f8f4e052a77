/* SPDX-License-Identifier: Apache-2.0 */
/* Synchronous sends must not complete before their receive has been called, whatever happens in between. Rank 0 sends
 * messages with equal envelopes, some of them synchronous, and looks at them again and again; rank 1 sleeps, takes some
 * of them, asks rank 0 what has completed, takes the rest. Then a blocking one.
 *   synchronous ROUNDS
 * Needs two ranks or more. Prints "step i/ROUNDS" and PASS. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kMessages = 6, kTag = 5, kOtherTag = 6, kQuestion = 7, kAnswer = 8, kPassed = 9 };
/* Of tag kTag, in order; the others are ordinary. */
static const int is_synchronous[kMessages] = {0, 1, 1, 0, 1, 0};

static void fail(int round, const char *what, int got) {
  printf("FAIL round %d: %s %d\n", round, what, got);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Rank 1 may have called for the first `taken` of them only. */
static void look(MPI_Request *requests, int taken, int round) {
  for (int i = 0; i < kMessages; ++i) {
    int done = 0;
    if (requests[i] == MPI_REQUEST_NULL) continue;
    MPI_Test(&requests[i], &done, MPI_STATUS_IGNORE);
    if (done && is_synchronous[i] && i >= taken) fail(round, "too early: message", i);
  }
}

static void sender(int round, MPI_Request *persistent) {
  int values[kMessages], taken = 0, asked = 0, other = -round, nothing = 0, done = 0;
  MPI_Request requests[kMessages], question;
  for (int i = 0; i < kMessages; ++i) {
    values[i] = 100 * round + i;
    if (is_synchronous[i])
      MPI_Issend(&values[i], 1, MPI_INT, 1, kTag, MPI_COMM_WORLD, &requests[i]);
    else
      MPI_Isend(&values[i], 1, MPI_INT, 1, kTag, MPI_COMM_WORLD, &requests[i]);
  }
  MPI_Start(persistent); /* another tag in between */
  MPI_Irecv(&taken, 1, MPI_INT, 1, kQuestion, MPI_COMM_WORLD, &question);
  while (!asked) {
    look(requests, kMessages / 2, round);
    MPI_Test(persistent, &done, MPI_STATUS_IGNORE);
    if (done) fail(round, "too early: the persistent send", 0);
    MPI_Test(&question, &asked, MPI_STATUS_IGNORE);
  }
  for (int i = 0; i < taken; ++i) MPI_Wait(&requests[i], MPI_STATUS_IGNORE);
  look(requests, taken, round);
  MPI_Send(&nothing, 1, MPI_INT, 1, kAnswer, MPI_COMM_WORLD);
  MPI_Waitall(kMessages, requests, MPI_STATUSES_IGNORE);
  MPI_Wait(persistent, MPI_STATUS_IGNORE);
  MPI_Ssend(&other, 1, MPI_INT, 1, kTag, MPI_COMM_WORLD);
  MPI_Send(&nothing, 1, MPI_INT, 1, kPassed, MPI_COMM_WORLD);
}

static void take(int from, int to, int round) {
  for (int i = from; i < to; ++i) {
    int value = 0;
    MPI_Recv(&value, 1, MPI_INT, i % 2 ? MPI_ANY_SOURCE : 0, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (value != 100 * round + i) fail(round, "wrong message", value);
  }
}

static void receiver(int round) {
  int taken = kMessages / 2, value = 0, passed = 0;
  usleep(15000);
  take(0, taken, round);
  usleep(5000);
  MPI_Send(&taken, 1, MPI_INT, 0, kQuestion, MPI_COMM_WORLD);
  MPI_Recv(&value, 1, MPI_INT, 0, kAnswer, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  take(taken, kMessages, round);
  MPI_Recv(&value, 1, MPI_INT, 0, kOtherTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  for (int i = 0; i < 15; ++i) {
    usleep(1000);
    MPI_Iprobe(0, kPassed, MPI_COMM_WORLD, &passed, MPI_STATUS_IGNORE);
    if (passed) fail(round, "too early: the blocking send", 0);
  }
  MPI_Recv(&value, 1, MPI_INT, 0, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  if (value != -round) fail(round, "wrong message", value);
  MPI_Recv(&value, 1, MPI_INT, 0, kPassed, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  int rank, value = 1;
  MPI_Request persistent;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) MPI_Ssend_init(&value, 1, MPI_INT, 1, kOtherTag, MPI_COMM_WORLD, &persistent);
  for (int round = 1; round <= rounds; ++round) {
    if (rank == 0) sender(round, &persistent);
    if (rank == 1) receiver(round);
    if (rank == 0) {
      printf("step %d/%d\n", round, rounds);
      fflush(stdout);
    }
  }
  if (rank == 0) MPI_Request_free(&persistent);
  if (rank == 0) printf("PASS synchronous\n");
  MPI_Finalize();
  return 0;
}
