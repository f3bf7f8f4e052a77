/* SPDX-License-Identifier: Apache-2.0 */
/* Says which transports Open MPI has been told in its environment, before and after there is a file "go". */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/mpi/told_of_file.h"

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("before: %s\n", getenv("OMPI_MCA_btl")), fflush(stdout);
  wait_for("go");
  printf("rank %d: %s\n", rank, getenv("OMPI_MCA_btl")), fflush(stdout);
  MPI_Finalize();
  return 0;
}
