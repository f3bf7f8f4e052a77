// SPDX-License-Identifier: Apache-2.0
// Part 1 is to be stopped while a request is served: it is played by the rank that the first argument names, 0 or 1,
// and part 0 by the other one. What it does makes each phase of one last for a while: reductions of its own take their
// time (F0 and F2 wait for them), it comes late to non-blocking barriers with part 0 (F1 does), and it is long inside
// of reductions together with part 3, if there is one (F3 does). The others go round and round in collectives that need
// nothing of it, and through critical sections; each round is a line of part 0. The end is when the file named by the
// second argument exists. PASS if every value was right.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/guest/libcr.h"

enum { kBarriers = 7 };  // tag: how many barriers part 1 is to come to in all

static void pause_for(int milliseconds) {
  const struct timespec t = {0, milliseconds * 1000000L};
  nanosleep(&t, NULL);
}

static void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "FAIL: %s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static void slow_sum(void* in, void* inout, int* n, MPI_Datatype* type) {
  (void)type;
  pause_for(120);
  for (int i = 0; i < *n; ++i) ((int*)inout)[i] += ((int*)in)[i];
}

static int reduce_with(MPI_Comm pair, MPI_Op op, int mine) {
  int sum = 0;
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, op, pair);
  return sum;
}

static void go_round(MPI_Comm others, const char* until, MPI_Comm with1) {
  int size, rank, end = 0, begun = 0, idle = 1;
  MPI_Request barrier = MPI_REQUEST_NULL;
  MPI_Comm_size(others, &size);
  MPI_Comm_rank(others, &rank);
  for (int round = 1; !end; ++round) {
    int sum = 0, sent = round, got = 0;
    MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, others);
    require(sum == size * round, "a sum");
    cr_enter_cs(cr_init());
    cr_leave_cs(cr_init());
    MPI_Sendrecv(&sent, 1, MPI_INT, (rank + 1) % size, 0, &got, 1, MPI_INT, (rank + size - 1) % size, 0, others,
                 MPI_STATUS_IGNORE);
    require(got == round, "a message");
    end = access(until, F_OK) == 0;
    MPI_Bcast(&end, 1, MPI_INT, 0, others);
    pause_for(10);
    if (rank != 0) continue;
    printf("round %d\n", round);
    fflush(stdout);
    if (!idle) MPI_Test(&barrier, &idle, MPI_STATUS_IGNORE);
    if (!idle) continue;
    MPI_Ibarrier(with1, &barrier);
    ++begun;
    idle = 0;
  }
  if (rank != 0) return;
  MPI_Send(&begun, 1, MPI_INT, 1, kBarriers, with1);
  MPI_Wait(&barrier, MPI_STATUS_IGNORE);
}

static void be_slow(MPI_Comm with0, MPI_Comm with3, MPI_Op op) {
  int begun = 0, all = -1, told = 0, there = 0;
  while (all < 0 || begun < all) {
    int one = 1, two = 1;
    MPI_Reduce_local(&one, &two, 1, MPI_INT, op);
    require(two == 2, "a reduction of its own");
    pause_for(100);
    if (all < 0) MPI_Iprobe(0, kBarriers, with0, &told, MPI_STATUS_IGNORE);
    if (all < 0 && told) MPI_Recv(&all, 1, MPI_INT, 0, kBarriers, with0, MPI_STATUS_IGNORE);
    if (all < 0 || begun < all) {
      MPI_Request barrier;
      MPI_Ibarrier(with0, &barrier);
      ++begun;
      for (there = 0; !there;) MPI_Test(&barrier, &there, MPI_STATUS_IGNORE);
    }
    if (with3 != MPI_COMM_NULL) require(reduce_with(with3, op, 1) == 2, "a reduction of two");
  }
  if (with3 != MPI_COMM_NULL) reduce_with(with3, op, 100);
}

int main(int argc, char** argv) {
  const char* until = argv[argc - 1];
  int rank, size, part;
  MPI_Comm others, with0, with3;
  MPI_Op op;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  part = rank < 2 && argv[1][0] == '0' ? 1 - rank : rank;
  MPI_Comm_split(MPI_COMM_WORLD, part == 1 || part == 3 ? MPI_UNDEFINED : 0, part, &others);
  MPI_Comm_split(MPI_COMM_WORLD, part < 2 ? 0 : MPI_UNDEFINED, part, &with0);
  MPI_Comm_split(MPI_COMM_WORLD, (part == 1 || part == 3) && size > 3 ? 0 : MPI_UNDEFINED, part, &with3);
  MPI_Op_create(slow_sum, 1, &op);
  if (part == 1) {
    printf("process %d is slow\n", (int)getpid());
    fflush(stdout);
    be_slow(with0, with3, op);
  } else if (part == 3) {
    while (reduce_with(with3, op, 1) == 2) {
    }
  } else {
    go_round(others, until, with0);
  }
  MPI_Op_free(&op);
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
