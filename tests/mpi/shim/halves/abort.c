/* SPDX-License-Identifier: Apache-2.0 */
/* abort FILE: in the second half the last rank calls MPI_Abort, while the others wait for it. */
#include "halves.h"

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  halves_between(argv[1]);
  if (rank == size - 1) MPI_Abort(MPI_COMM_WORLD, 42);
  MPI_Barrier(MPI_COMM_WORLD);
  puts("halves: the barrier is over");
  MPI_Finalize();
  return 0;
}
