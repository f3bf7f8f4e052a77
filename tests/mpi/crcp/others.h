// SPDX-License-Identifier: Apache-2.0
// Rank 1 only waits for the end, while the others go round and round in collectives of their own, which need nothing of
// it. The end is when the file `until` exists.
#ifndef CAIRN_TESTS_CRCP_OTHERS_H
#define CAIRN_TESTS_CRCP_OTHERS_H

#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/guest/libcr.h"

static int go_round(MPI_Comm others, int round, const char* until, int in_sections) {
  int size, sum = 0, mine = round, end = access(until, F_OK) == 0;
  const struct timespec pause = {0, 20000000};
  MPI_Comm_size(others, &size);
  if (in_sections) cr_enter_cs(cr_init());
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, others);
  if (in_sections) cr_leave_cs(cr_init());
  if (sum != size * round) {
    fprintf(stderr, "FAIL: a sum of round %d\n", round);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Bcast(&end, 1, MPI_INT, 0, others);
  nanosleep(&pause, NULL);
  return !end;
}

// Of all ranks, between MPI_Init and MPI_Finalize. Rank 0 prints the rounds. True if all agree on how many there were.
static int others_go_round(int rank, const char* until, int in_sections) {
  int done = 0, round = 1;
  MPI_Comm others;
  MPI_Comm_split(MPI_COMM_WORLD, rank == 1 ? MPI_UNDEFINED : 0, rank, &others);
  if (rank == 1) {
    MPI_Recv(&done, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    for (; go_round(others, round, until, in_sections); ++round) {
      if (rank != 0) continue;
      printf("round %d\n", round);
      fflush(stdout);
    }
    if (rank == 0) MPI_Send(&round, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
    MPI_Comm_free(&others);
  }
  MPI_Allreduce(&round, &done, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return done == round;
}

#endif
