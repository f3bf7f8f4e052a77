// SPDX-License-Identifier: Apache-2.0
// Rank 0 waits for rank 1 in a barrier, to which rank 1 does not come before the file named by the first argument
// exists: then it has started a process by MPI_Comm_spawn, and comes when the one named by the second argument exists
// and the two have left each other. PASS at the end.
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
  MPI_Comm parent;
  MPI_Init(&argc, &argv);
  MPI_Comm_get_parent(&parent);
  if (parent != MPI_COMM_NULL) {
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    return 0;
  }
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    printf("rank 0 waits\n");
    fflush(stdout);
  } else {
    MPI_Comm child;
    wait_for(argv[argc - 2]);
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &child, MPI_ERRCODES_IGNORE);
    wait_for(argv[argc - 1]);
    MPI_Comm_disconnect(&child);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
