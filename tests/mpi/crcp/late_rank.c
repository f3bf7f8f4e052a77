// SPDX-License-Identifier: Apache-2.0
// Rank 1 comes late to every collective, rank 0 late to every exchange, so that a checkpoint at any moment finds ranks
// inside a collective, receives posted and synchronous sends pending. Prints PASS if every value is right.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void late(int tenths) {
  struct timespec t = {tenths / 10, tenths % 10 * 100000000L};
  nanosleep(&t, NULL);
}

static void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "FAIL: %s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 6;
  int rank, size;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  for (int i = 0; i < rounds; ++i) {
    int one = 1, sum = 0, value = rank * 1000 + i, got = -1;
    const int from = (rank + size - 1) % size;
    MPI_Request requests[2], reduction;
    if (rank == 0) {
      printf("round %d\n", i);
      fflush(stdout);
    }
    MPI_Irecv(&got, 1, MPI_INT, from, i, MPI_COMM_WORLD, &requests[0]);
    if (rank == 1) late(15);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    require(sum == size, "a sum");
    sum = 0;
    MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &reduction);
    if (rank == 0) late(10);
    MPI_Issend(&value, 1, MPI_INT, (rank + 1) % size, i, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    require(got == from * 1000 + i, "a message");
    MPI_Wait(&reduction, MPI_STATUS_IGNORE);
    require(sum == size, "a non-blocking sum");
  }
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
