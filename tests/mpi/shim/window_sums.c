/* SPDX-License-Identifier: Apache-2.0 */
/* window_sums FILE: all ranks add to numbers of rank 0, without end until FILE exists, and count what they have added;
 * rank 0 has much memory, which takes long to be saved. In the end each number is the sum of the counts. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kMuch = 64 << 20 };

/* Memory is saved from its beginning to its end: the numbers come last. */
static struct {
  unsigned much[kMuch];
  long own;
} memory;

int main(int argc, char **argv) {
  long *allocated, one = 1, counted = 0, all = 0;
  int rank;
  MPI_Win wins[2];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (unsigned i = 0; rank == 0 && i < kMuch; i++) memory.much[i] = i * 2654435761u;
  MPI_Win_create(&memory.own, sizeof one, sizeof one, MPI_INFO_NULL, MPI_COMM_WORLD, &wins[0]);
  MPI_Win_allocate(sizeof one, sizeof one, MPI_INFO_NULL, MPI_COMM_WORLD, &allocated, &wins[1]);
  *allocated = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < 2; i++) MPI_Win_lock_all(0, wins[i]);
  for (int round = 1; access(argv[1], F_OK) != 0; round++) {
    for (int i = 0; i < 1000; i++, counted++)
      for (int w = 0; w < 2; w++) MPI_Accumulate(&one, 1, MPI_LONG, 0, 0, 1, MPI_LONG, MPI_SUM, wins[w]);
    if (rank == 0) printf("round %d\n", round), fflush(stdout);
  }
  for (int i = 0; i < 2; i++) MPI_Win_unlock_all(wins[i]);
  MPI_Allreduce(&counted, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  const int right = rank != 0 || (memory.own == all && *allocated == all && memory.much[77] == 77 * 2654435761u);
  if (!right) printf("FAIL: %ld and %ld of %ld\n", memory.own, *allocated, all);
  for (int i = 0; i < 2; i++) MPI_Win_free(&wins[i]);
  if (rank == 0 && right) printf("PASS\n");
  MPI_Finalize();
  return !right;
}
