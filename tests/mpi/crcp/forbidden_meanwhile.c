// SPDX-License-Identifier: Apache-2.0
// Rank 0 waits for rank 1 in a barrier, to which rank 1 does not come before the file named by the first argument
// exists: then it opens a session of the tools interface, and comes when the one named by the second argument exists.
// PASS at the end.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void wait_for(const char* path) {
  const struct timespec pause = {0, 10000000};
  while (access(path, F_OK) != 0) nanosleep(&pause, NULL);
}

int main(int argc, char** argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    printf("rank 0 waits\n");
    fflush(stdout);
  } else {
    int provided;
    wait_for(argv[argc - 2]);
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    wait_for(argv[argc - 1]);
    MPI_T_finalize();
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
