// SPDX-License-Identifier: Apache-2.0
// Asks for MPI_THREAD_MULTIPLE and waits until the file named by its argument exists. Prints PASS.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const struct timespec pause = {0, 10000000};
  int rank, provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    printf("level %s\n", provided == MPI_THREAD_MULTIPLE ? "multiple" : "lower");
    fflush(stdout);
  }
  while (access(argv[argc - 1], F_OK) != 0) nanosleep(&pause, NULL);
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
