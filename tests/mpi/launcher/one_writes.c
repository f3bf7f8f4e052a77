/* SPDX-License-Identifier: Apache-2.0 */
/* The file "data" is written by rank 0, and only read by the others: it is "old" until there is a file "go", and "new"
   then, until there is a file "end". Each says what it reads. */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/mpi/told_of_file.h"

static int rank, file;

static void write_it(const char *text) {
  if (rank == 0 && pwrite(file, text, strlen(text), 0) != (ssize_t)strlen(text)) MPI_Abort(MPI_COMM_WORLD, 1);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  char text[10] = "";
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) file = open("data", O_CREAT | O_RDWR, 0600);
  write_it("old");
  if (rank != 0) file = open("data", O_RDONLY);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("written"), fflush(stdout);
  wait_for("go");
  if (pread(file, text, 3, 0) != 3) text[0] = '?';
  printf("rank %d reads %s\n", rank, text), fflush(stdout);
  MPI_Barrier(MPI_COMM_WORLD);
  write_it("new");
  if (rank == 0) puts("overwritten"), fflush(stdout);
  wait_for("end");
  MPI_Finalize();
  return 0;
}
