/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_Comm_create_group with a member that comes late, since it waits for a message of a rank outside the group: rank 1
 * nearly always stands in that call while rank 2 still needs rank 0.
 *   latecomer ROUNDS
 * Needs three ranks or more. Prints "step i/ROUNDS" and PASS. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void meet(MPI_Group pair, int round, int rank) {
  MPI_Comm made;
  MPI_Comm_create_group(MPI_COMM_WORLD, pair, round % 7, &made);
  int sum = 0, size = 0, value = rank * 1000 + round;
  MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, made);
  MPI_Comm_size(made, &size);
  if (size != 2 || sum != 3000 + 2 * round) {
    printf("FAIL round %d: %d members, sum %d\n", round, size, sum);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Comm_free(&made);
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100, members[] = {1, 2};
  int rank;
  MPI_Group world, pair;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, 2, members, &pair);
  for (int round = 1; round <= rounds; ++round) {
    int number = round;
    if (rank == 0) {
      usleep(20000);
      MPI_Send(&number, 1, MPI_INT, 2, 0, MPI_COMM_WORLD);
      printf("step %d/%d\n", round, rounds);
      fflush(stdout);
    }
    if (rank == 2) MPI_Recv(&number, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (number != round) {
      printf("FAIL round %d: rank 0 said %d\n", round, number);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
    if (rank == 1 || rank == 2) meet(pair, round, rank);
  }
  MPI_Group_free(&pair);
  MPI_Group_free(&world);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("PASS latecomer\n");
  MPI_Finalize();
  return 0;
}
