/* SPDX-License-Identifier: Apache-2.0 */
/* Rank 0 begins to send much and polls with one-sided calls, or its own memory, until rank 1 has received it: its
 * library must work meanwhile. window_polls */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { kMuch = 4 << 20 };

static int rank;
static MPI_Win win;
static volatile int *memory;

static int ask_by_get(void) {
  int value = 0;
  MPI_Get(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win);
  MPI_Win_flush(0, win);
  return value;
}
static int ask_atomically(void) {
  int value = 0;
  MPI_Fetch_and_op(NULL, &value, MPI_INT, 0, 0, MPI_NO_OP, win);
  MPI_Win_flush_all(win);
  return value;
}
static int ask_memory(void) {
  MPI_Win_sync(win);
  return *memory;
}

static void round_of(int (*ask)(void), int number, char *much) {
  MPI_Request request;
  if (rank == 0) {
    MPI_Isend(much, kMuch, MPI_CHAR, 1, 0, MPI_COMM_WORLD, &request);
    while (ask() != number) continue;
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  } else if (rank == 1) {
    MPI_Recv(much, kMuch, MPI_CHAR, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Put(&number, 1, MPI_INT, 0, 0, 1, MPI_INT, win);
    MPI_Win_flush(0, win);
  }
}

int main(int argc, char **argv) {
  char *much = calloc(1, kMuch);
  int *mine;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Win_allocate(sizeof *mine, sizeof *mine, MPI_INFO_NULL, MPI_COMM_WORLD, &mine, &win);
  *mine = 0;
  memory = mine;
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock_all(0, win);
  for (int i = 0; i < 5; i++) {
    round_of(ask_by_get, 3 * i + 1, much);
    round_of(ask_atomically, 3 * i + 2, much);
    round_of(ask_memory, 3 * i + 3, much);
  }
  MPI_Win_unlock_all(win);
  MPI_Win_free(&win);
  if (rank == 0) printf("PASS\n");
  MPI_Finalize();
  return 0;
}
