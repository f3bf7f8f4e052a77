// SPDX-License-Identifier: Apache-2.0
// launcher_after_finalize FILE: calls MPI_Finalize, says so, and works on until FILE exists.
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char** argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Finalize();
  if (rank == 0) puts("finalized");
  fflush(stdout);
  while (access(argv[1], F_OK) != 0) usleep(2000);
  return 0;
}
