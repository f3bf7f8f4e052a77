/* SPDX-License-Identifier: Apache-2.0 */
/* One place of an open file, in atomic mode, written twice: each rank writes its block, waits for the file "go" and
   says what it reads; then it overwrites the block, and waits for the file "end". */
#include <mpi.h>
#include <stdio.h>

#include "tests/mpi/told_of_file.h"

static int rank;
static MPI_File file;

static void write_all(int value) {
  MPI_File_write_at_all(file, rank * (MPI_Offset)sizeof value, &value, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  int back = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_File_open(MPI_COMM_WORLD, "data", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  MPI_File_set_atomicity(file, 1);
  write_all(100 + rank);
  if (rank == 0) puts("written"), fflush(stdout);
  wait_for("go");
  MPI_File_read_at_all(file, rank * (MPI_Offset)sizeof back, &back, 1, MPI_INT, MPI_STATUS_IGNORE);
  printf("rank %d reads %d\n", rank, back), fflush(stdout);
  write_all(200 + rank);
  if (rank == 0) puts("overwritten"), fflush(stdout);
  wait_for("end");
  MPI_File_close(&file);
  MPI_Finalize();
  return 0;
}
