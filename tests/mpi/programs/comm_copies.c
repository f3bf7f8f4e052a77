/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_Comm_idup is nearly always in progress, since one rank comes late; some of the copies live on, and all are used;
 * so are communicators while they are copied. comm_copies ROUNDS Prints "step i/ROUNDS" and PASS. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kKept = 3 };

static void use(MPI_Comm comm, int round) {
  int rank, size, sum = 0, from_left = -1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  int mine = 1000 * rank + round;
  MPI_Sendrecv(&mine, 1, MPI_INT, (rank + 1) % size, round, &from_left, 1, MPI_INT, (rank + size - 1) % size, round,
               comm, MPI_STATUS_IGNORE);
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm);
  if (from_left == 1000 * ((rank + size - 1) % size) + round && sum == 500 * size * (size - 1) + size * round) return;
  printf("FAIL round %d: %d from the left, sum %d\n", round, from_left, sum);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  int rank, size;
  MPI_Comm kept[kKept];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  for (int i = 0; i < kKept; ++i) kept[i] = MPI_COMM_NULL;
  for (int round = 1; round <= rounds; ++round) {
    MPI_Comm made;
    MPI_Request request;
    MPI_Comm *const place = &kept[round % kKept];
    const MPI_Comm parent = round % 2 || *place == MPI_COMM_NULL ? MPI_COMM_WORLD : *place;
    MPI_Comm_idup(parent, &made, &request);
    usleep(rank == round % size ? 20000 : 1000);
    if (round % 3 == 0) use(parent, round);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    use(made, round);
    if (*place != MPI_COMM_NULL) {
      use(*place, round);
      MPI_Comm_free(place);
    }
    *place = made;
    if (rank == 0) {
      printf("step %d/%d\n", round, rounds);
      fflush(stdout);
    }
  }
  for (int i = 0; i < kKept; ++i)
    if (kept[i] != MPI_COMM_NULL) MPI_Comm_free(&kept[i]);
  if (rank == 0) printf("PASS comm_copies\n");
  MPI_Finalize();
  return 0;
}
