/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that walk a family of calls in two halves, with a checkpoint, a kill and a restart between (restart.sh). In
 * the first half objects are made and used, in the second they are used again and freed; whatever was answered before
 * is answered after. The table mpi/shim/proofs.table says which functions a program stands for. */
#ifndef CAIRN_TESTS_SHIM_HALVES_H
#define CAIRN_TESTS_SHIM_HALVES_H

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank, size, left, right;

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      printf("halves: rank %d: %s fails (line %d)\n", rank, #condition, __LINE__); \
      fflush(stdout);                                                              \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                \
    }                                                                              \
  } while (0)
#define OK(call) CHECK((call) == MPI_SUCCESS)

static void halves_begin(int *argc, char ***argv) {
  MPI_Init(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  left = (rank + size - 1) % size;
  right = (rank + 1) % size;
}

/* Between the halves: rank 0 prints "round N" until the file is there. */
static void halves_between(const char *stop) {
  int done = 0;
  for (int round = 0; !done; round++) {
    if (rank == 0) {
      printf("round %d\n", round), fflush(stdout);
      usleep(20000);
      done = access(stop, F_OK) == 0;
    }
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
}

static void halves_end(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("halves: ok");
  MPI_Finalize();
}

#endif
