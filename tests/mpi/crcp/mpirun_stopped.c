// SPDX-License-Identifier: Apache-2.0
// The others wait for rank 1 inside of a barrier, until the file named by the first argument exists. Then all go round
// and round in collectives, and rank 0 prints the rounds, until the one named by the second argument exists. PASS if
// every value was right.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void pause_for_a_moment(void) {
  const struct timespec pause = {0, 20000000};
  nanosleep(&pause, NULL);
}

int main(int argc, char** argv) {
  int rank, size, end = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 1) {
    printf("rank 1 is process %d\n", (int)getpid());
    fflush(stdout);
    while (access(argv[argc - 2], F_OK) != 0) pause_for_a_moment();
  }
  MPI_Barrier(MPI_COMM_WORLD);
  for (int round = 1; !end; ++round) {
    int sum = 0;
    MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (sum != size * round) {
      fprintf(stderr, "FAIL: a sum of round %d\n", round);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
    end = access(argv[argc - 1], F_OK) == 0;
    MPI_Bcast(&end, 1, MPI_INT, 0, MPI_COMM_WORLD);
    pause_for_a_moment();
    if (rank != 0) continue;
    printf("round %d\n", round);
    fflush(stdout);
  }
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
