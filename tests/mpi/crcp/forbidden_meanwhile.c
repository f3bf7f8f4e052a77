// SPDX-License-Identifier: Apache-2.0
// Rank 0 waits for rank 1 in a barrier, to which rank 1 does not come before the file named by the first argument
// exists: then it has an MPI file open that it has deleted, and comes when the one named by the second argument exists.
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
    MPI_File file;
    wait_for(argv[argc - 2]);
    MPI_File_open(MPI_COMM_SELF, "gone", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
    unlink("gone");
    wait_for(argv[argc - 1]);
    MPI_File_close(&file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
