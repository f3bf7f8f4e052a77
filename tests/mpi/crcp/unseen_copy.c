// SPDX-License-Identifier: Apache-2.0
// A communicator that one rank has and another, whose MPI_Comm_idup is complete, has not looked at yet:
//   crcp_unseen_copy GO ON     (4 ranks)
// Rank 3 waits in a collective for rank 1, which comes when the file ON is there, as rank 2 looks at its copy only
// then. Rank 0 says "ready", and uses its copy when the file GO is there. Prints PASS if every value is right.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void await_file(const char* path) {
  const struct timespec moment = {0, 5000000};
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
}

int main(int argc, char** argv) {
  int rank, size, sum = 0, token = 1;
  MPI_Comm pair, copy;
  MPI_Request request;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (argc != 3 || size != 4) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &pair);
  MPI_Comm_idup(MPI_COMM_WORLD, &copy, &request);
  if (rank == 2) {  // receives let the library make the copy
    const int others[] = {0, 1, 3};
    for (int i = 0; i < 3; ++i) MPI_Recv(&token, 1, MPI_INT, others[i], 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Send(&token, 1, MPI_INT, 0, 2, MPI_COMM_WORLD);
    await_file(argv[2]);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  } else {
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Send(&token, 1, MPI_INT, 2, 1, MPI_COMM_WORLD);
  }
  if (rank == 0) {
    MPI_Recv(&token, 1, MPI_INT, 2, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    printf("ready\n");
    fflush(stdout);
    await_file(argv[1]);
  }
  if (rank == 1) await_file(argv[2]);
  if (rank % 2 == 1) MPI_Barrier(pair);
  for (int i = 0; i < 20; ++i) {
    int one = 1, left = -1;
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, copy);
    MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % size, 3, &left, 1, MPI_INT, (rank + 3) % size, 3, copy,
                 MPI_STATUS_IGNORE);
    MPI_Iallreduce(&left, &sum, 1, MPI_INT, MPI_SUM, copy, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    if (left != (rank + 3) % size || sum != 6) MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Comm_free(&copy);
  MPI_Comm_free(&pair);
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
