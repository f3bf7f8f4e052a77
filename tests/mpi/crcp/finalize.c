// SPDX-License-Identifier: Apache-2.0
// Ranks come to MPI_Finalize one after another, so that a checkpoint falls while they gather there:
//   crcp_finalize MILLISECONDS STEP
// All say "ready" together; rank r goes to MPI_Finalize MILLISECONDS + r * STEP later. There an attribute of
// MPI_COMM_SELF is deleted, whose callback still communicates. Rank 0 prints PASS when all of MPI is behind it.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "FAIL: %s\n", what);
  exit(1);
}

static int say_goodbye(MPI_Comm comm, int keyval, void* value, void* extra) {
  int rank, size, finalized = 1, got = -1;
  (void)comm, (void)keyval, (void)value, (void)extra;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Finalized(&finalized);
  require(!finalized, "finalized while attributes are deleted");
  MPI_Request request;
  MPI_Isend(&rank, 1, MPI_INT, (rank + 1) % size, 1, MPI_COMM_WORLD, &request);
  MPI_Recv(&got, 1, MPI_INT, (rank + size - 1) % size, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  require(got == (rank + size - 1) % size, "the last message");
  return MPI_SUCCESS;
}

int main(int argc, char** argv) {
  int rank, size, keyval, initialized = 0, finalized = 0;
  require(argc == 3, "usage: crcp_finalize MILLISECONDS STEP");
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, say_goodbye, &keyval, NULL);
  MPI_Comm_set_attr(MPI_COMM_SELF, keyval, NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    printf("ready\n");
    fflush(stdout);
  }
  const long late = atol(argv[1]) + rank * atol(argv[2]);
  struct timespec left = {late / 1000, late % 1000 * 1000000};
  while (nanosleep(&left, &left) != 0) continue;
  MPI_Finalize();
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  require(initialized && finalized, "MPI is over");
  if (rank == 0) printf("PASS\n");
  return 0;
}
