/* SPDX-License-Identifier: Apache-2.0 */
/* window_stores FILE: every rank writes to its right neighbour's part of memory that all have in common, without calls
 * of MPI, and finds there what it has written before; until FILE exists. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int rank, size, unit, wrong = 0;
  MPI_Aint bytes;
  MPI_Win win;
  volatile long *own, *theirs;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Win_allocate_shared(sizeof *own, sizeof *own, MPI_INFO_NULL, MPI_COMM_WORLD, &own, &win);
  MPI_Win_shared_query(win, (rank + 1) % size, &bytes, &unit, &theirs);
  MPI_Win_lock_all(MPI_MODE_NOCHECK, win);
  *theirs = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  long count = 0;
  for (int round = 1; access(argv[1], F_OK) != 0 && !wrong; round++) {
    for (int i = 0; i < 1000000 && !wrong; i++) {
      wrong = *theirs != count;
      *theirs = ++count;
    }
    if (rank == 0) printf("round %d\n", round), fflush(stdout);
  }
  if (wrong) printf("rank %d: %ld is not %ld\n", rank, *theirs, count);
  MPI_Win_unlock_all(win);
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Win_free(&win);
  if (rank == 0) printf(wrong ? "FAIL\n" : "PASS\n");
  MPI_Finalize();
  return wrong;
}
