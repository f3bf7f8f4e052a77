/* SPDX-License-Identifier: Apache-2.0 */
/* A non-blocking collective that one rank begins before it enters a blocking one, and that another must complete to get
 * there: rank 2 is in the barrier first, rank 0 enters it with its broadcast unfinished, rank 1 waits for that before
 * it comes.
 *   interleaved ROUNDS
 * Needs three ranks. Prints "step i/ROUNDS" and PASS. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  int rank;
  MPI_Comm pair;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 2, rank, &pair);
  for (int round = 1; round <= rounds; ++round) {
    int value = rank == 0 ? round : 0;
    MPI_Request request;
    if (rank < 2) {
      usleep(20000);
      MPI_Ibcast(&value, 1, MPI_INT, 0, pair, &request);
      if (rank == 1) MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) MPI_Wait(&request, MPI_STATUS_IGNORE);
    if (rank < 2 && value != round) {
      printf("FAIL round %d: the broadcast gave %d\n", round, value);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
    if (rank == 0) {
      printf("step %d/%d\n", round, rounds);
      fflush(stdout);
    }
  }
  MPI_Comm_free(&pair);
  if (rank == 0) printf("PASS interleaved\n");
  MPI_Finalize();
  return 0;
}
