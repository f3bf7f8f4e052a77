// SPDX-License-Identifier: Apache-2.0
// Rank 0 frees the request of a synchronous send to rank 1 after a checkpoint that took the message out of the library,
// and begins one to rank 2: its request may be the same object. After a second checkpoint rank 1 receives: the send to
// rank 2 may not be complete before rank 2 receives too. The ranks wait for the files FIRST and SECOND:
//   crcp_freed_synchronous FIRST SECOND
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { kTag = 1, kReceived = 2 };

static int rank;

static void await_file(int number, const char* path) {
  const struct timespec moment = {0, 10000000};
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("ready %d\n", number);
  fflush(stdout);
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
}

static int receive(int source, int tag) {
  int value;
  MPI_Recv(&value, 1, MPI_INT, source, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return value;
}

int main(int argc, char** argv) {
  static const int values[3] = {0, 4711, 4712};
  MPI_Request request;
  int good = 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 3) MPI_Abort(MPI_COMM_WORLD, 2);
  if (rank == 0) MPI_Issend(&values[1], 1, MPI_INT, 1, kTag, MPI_COMM_WORLD, &request);
  await_file(1, argv[1]);
  if (rank == 0) {
    MPI_Request_free(&request);
    MPI_Issend(&values[2], 1, MPI_INT, 2, kTag, MPI_COMM_WORLD, &request);
  }
  await_file(2, argv[2]);
  if (rank == 1) {
    good = receive(0, kTag) == values[1];
    MPI_Send(&values[1], 1, MPI_INT, 0, kReceived, MPI_COMM_WORLD);
  } else if (rank == 0) {
    int done = 0;
    const double until = (receive(1, kReceived), MPI_Wtime() + 0.3);
    while (!done && MPI_Wtime() < until) MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (done) printf("FAIL: the send is complete, and nobody has received its message\n");
    good = !done;
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 2) good = receive(0, kTag) == values[2];
  if (rank == 0 && good) MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
  if (rank == 0) printf(good ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return 0;
}
