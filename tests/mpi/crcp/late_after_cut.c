// SPDX-License-Identifier: Apache-2.0
// Rank 1 stops itself behind the cut of a checkpoint, before its own image is taken, when the file named by the first
// argument exists: its callback is the innermost, and runs when crcp has agreed. The others go round and round in
// collectives of their own. The end is when the file named by the second argument exists. PASS if every value was
// right.
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/guest/libcr.h"

static int stop_here(void* path) {
  if (access(path, F_OK) == 0) {
    printf("process %d stops\n", (int)getpid());
    fflush(stdout);
    kill(getpid(), SIGSTOP);
  }
  return 0;
}

static int go_round(MPI_Comm others, int round, const char* until) {
  int size, sum = 0, mine = round, end = access(until, F_OK) == 0;
  const struct timespec pause = {0, 20000000};
  MPI_Comm_size(others, &size);
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, others);
  if (sum != size * round) {
    fprintf(stderr, "FAIL: a sum of round %d\n", round);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Bcast(&end, 1, MPI_INT, 0, others);
  nanosleep(&pause, NULL);
  return !end;
}

int main(int argc, char** argv) {
  int rank, done = 0, round = 1;
  const int is_late = getenv("OMPI_COMM_WORLD_RANK") != NULL && atoi(getenv("OMPI_COMM_WORLD_RANK")) == 1;
  MPI_Comm others;
  if (is_late && (cr_init() < 0 || cr_register_callback(stop_here, argv[argc - 2], CR_THREAD_CONTEXT) < 0)) return 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 1 ? MPI_UNDEFINED : 0, rank, &others);
  if (rank == 1) {
    MPI_Recv(&done, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    for (; go_round(others, round, argv[argc - 1]); ++round) {
      if (rank != 0) continue;
      printf("round %d\n", round);
      fflush(stdout);
    }
    if (rank == 0) MPI_Send(&round, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
    MPI_Comm_free(&others);
  }
  MPI_Allreduce(&round, &done, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0) printf(done == round ? "PASS\n" : "FAIL\n");
  return 0;
}
