// SPDX-License-Identifier: Apache-2.0
// Rank 2 waits for the others in a barrier, rank 1 for a message of rank 0, which sends it when the file named by the
// first argument exists, and goes through a critical section before. PASS when all have come.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/guest/libcr.h"

int main(int argc, char** argv) {
  const struct timespec pause = {0, 10000000};
  int rank, word = 7;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    while (access(argv[argc - 1], F_OK) != 0) nanosleep(&pause, NULL);
    cr_enter_cs(cr_init());
    cr_leave_cs(cr_init());
    MPI_Send(&word, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
  } else if (rank == 1) {
    MPI_Recv(&word, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    printf("rank 2 waits\n");
    fflush(stdout);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 1) printf(word == 7 ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return 0;
}
