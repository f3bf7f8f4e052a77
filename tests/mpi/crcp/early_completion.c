// SPDX-License-Identifier: Apache-2.0
// early_completion SECONDS: rank 0 begins synchronous sends, computes, and asks for them now and then; rank 1 calls the
// receive a known time later. None may be complete before that, whatever a checkpoint does with the message. Prints
// PASS.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const double kUntilReceive = 0.2;

// One clock for all ranks, as MPI_Wtime need not be.
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void compute(double until) {
  while (now() < until) {
  }
}

// Before the receive is called; how long it computes between two questions changes.
static int is_early(MPI_Request* request, double receive, int round) {
  const double step = 0.004 + 0.003 * (round % 13);
  int complete = 0;
  while (!complete && now() + step < receive) {
    compute(now() + step);
    MPI_Test(request, &complete, MPI_STATUS_IGNORE);
  }
  return complete && now() < receive;
}

static int one_round(int rank, int round) {
  int number = round, early = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  double receive = now() + kUntilReceive;
  MPI_Bcast(&receive, 1, MPI_DOUBLE, 1, MPI_COMM_WORLD);
  if (rank == 0) {
    MPI_Request request;
    MPI_Issend(&number, 1, MPI_INT, 1, 3, MPI_COMM_WORLD, &request);
    early = is_early(&request, receive, round);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  } else if (rank == 1) {
    number = -1;
    compute(receive);
    MPI_Recv(&number, 1, MPI_INT, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
  return early || number != round;
}

int main(int argc, char** argv) {
  int rank, wrong = 0, go = 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const double end = now() + (argc > 1 ? atof(argv[1]) : 5);
  for (int round = 0; go; ++round) {
    wrong += one_round(rank, round);
    if (rank == 0 && round == 0) puts("begun"), fflush(stdout);
    go = now() < end;
    MPI_Bcast(&go, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf("%s: %d wrong\n", wrong == 0 ? "PASS" : "FAIL", wrong);
  MPI_Finalize();
  return wrong != 0;
}
