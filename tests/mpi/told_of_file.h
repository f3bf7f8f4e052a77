/* SPDX-License-Identifier: Apache-2.0 */
/* For test programs whose ranks go on together when the test makes a file. */
#ifndef CAIRN_TESTS_MPI_TOLD_OF_FILE_H
#define CAIRN_TESTS_MPI_TOLD_OF_FILE_H

#include <mpi.h>
#include <unistd.h>

/* Collective over MPI_COMM_WORLD, until the file exists: rank 0 looks, the others are told. */
static inline void wait_for(const char *name) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int there = 0; !there;) {
    if (rank == 0) there = access(name, F_OK) == 0;
    MPI_Bcast(&there, 1, MPI_INT, 0, MPI_COMM_WORLD);
    usleep(10000);
  }
}

#endif
