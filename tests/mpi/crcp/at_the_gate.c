// SPDX-License-Identifier: Apache-2.0
// Each rank makes calls that need nobody else, over and over, so that it most likely waits at the gate of one of them
// when it is saved: what the call has read by then must not be the library's that is gone after a restart. The first
// argument names the calls. Rank 0 says "round N" now and then. The end is when the file named by the second argument
// exists. PASS if every answer was right.
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MUST(call, condition)                                      \
  do {                                                             \
    if ((call) != MPI_SUCCESS || !(condition)) return fail(#call); \
  } while (0)

static int fail(const char* what) {
  fprintf(stderr, "FAIL: %s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
  return 1;
}

static int rank;

// One right after the other: where a thread waits is the call after the one that has taken its time.
static int persistent(void) {
  enum { kAtOnce = 100 };
  MPI_Request made[kAtOnce];
  int sent = 4711, got = 0;
  for (int i = 0; i < kAtOnce; i += 5) {
    MUST(MPI_Ssend_init(&sent, 1, MPI_INT, rank, i, MPI_COMM_WORLD, &made[i]), 1);
    MUST(MPI_Rsend_init(&sent, 1, MPI_INT, rank, i, MPI_COMM_WORLD, &made[i + 1]), 1);
    MUST(MPI_Bsend_init(&sent, 1, MPI_INT, rank, i, MPI_COMM_WORLD, &made[i + 2]), 1);
    MUST(MPI_Send_init(&sent, 1, MPI_INT, rank, i, MPI_COMM_WORLD, &made[i + 3]), 1);
    MUST(MPI_Recv_init(&got, 1, MPI_INT, rank, i, MPI_COMM_WORLD, &made[i + 4]), 1);
  }
  MUST(MPI_Startall(2, &made[3]), 1);
  MUST(MPI_Waitall(2, &made[3], MPI_STATUSES_IGNORE), got == 4711);
  for (int i = 0; i < kAtOnce; ++i) MUST(MPI_Request_free(&made[i]), made[i] == MPI_REQUEST_NULL);
  return 0;
}

static int messages(void) {
  int sent = rank + 5, got = 0, flag = 0;
  MPI_Request request;
  MPI_Message message;
  MPI_Status status;
  MUST(MPI_Irecv(&got, 1, MPI_INT, rank, 1, MPI_COMM_WORLD, &request), 1);
  MUST(MPI_Send(&sent, 1, MPI_INT, rank, 1, MPI_COMM_WORLD), 1);
  MUST(MPI_Wait(&request, &status), got == sent && status.MPI_TAG == 1);
  MUST(MPI_Isend(&sent, 1, MPI_INT, rank, 2, MPI_COMM_WORLD, &request), 1);
  MUST(MPI_Probe(rank, 2, MPI_COMM_WORLD, &status), 1);
  MUST(MPI_Mprobe(rank, 2, MPI_COMM_WORLD, &message, &status), 1);
  got = 0;
  MUST(MPI_Mrecv(&got, 1, MPI_INT, &message, &status), got == sent);
  MUST(MPI_Wait(&request, MPI_STATUS_IGNORE), 1);
  MUST(MPI_Iprobe(rank, 3, MPI_COMM_WORLD, &flag, &status), flag == 0);
  got = 0;
  MUST(MPI_Sendrecv(&sent, 1, MPI_INT, rank, 4, &got, 1, MPI_INT, rank, 4, MPI_COMM_WORLD, &status), got == sent);
  MUST(MPI_Irecv(&got, 1, MPI_INT, rank, 5, MPI_COMM_WORLD, &request), 1);
  MUST(MPI_Cancel(&request), 1);
  MUST(MPI_Wait(&request, &status), 1);
  MUST(MPI_Test_cancelled(&status, &flag), flag == 1);
  return 0;
}

static int objects(void) {
  int size = 0, answer = 0, position = 0;
  char packed[64];
  double low[2] = {1, 2}, sum[2] = {3, 4};
  MPI_Datatype type;
  MPI_Group world, first;
  MPI_Info info;
  MPI_Aint lower, extent;
  MUST(MPI_Type_vector(3, 1, 2, MPI_INT, &type), 1);
  MUST(MPI_Type_commit(&type), 1);
  MUST(MPI_Type_size(type, &size), size == 12);
  MUST(MPI_Type_get_extent(type, &lower, &extent), extent == 20);
  MUST(MPI_Type_free(&type), 1);
  MUST(MPI_Pack_size(2, MPI_INT, MPI_COMM_WORLD, &size), size >= 8);
  MUST(MPI_Pack(&rank, 1, MPI_INT, packed, sizeof packed, &position, MPI_COMM_WORLD), position == 4);
  MUST(MPI_Reduce_local(low, sum, 2, MPI_DOUBLE, MPI_SUM), sum[0] == 4 && sum[1] == 6);
  MUST(MPI_Comm_group(MPI_COMM_WORLD, &world), 1);
  MUST(MPI_Group_incl(world, 1, &rank, &first), 1);
  MUST(MPI_Group_rank(first, &answer), answer == 0);
  MUST(MPI_Group_free(&first), 1);
  MUST(MPI_Group_free(&world), 1);
  MUST(MPI_Info_create(&info), 1);
  MUST(MPI_Info_set(info, "key", "value"), 1);
  MUST(MPI_Info_free(&info), 1);
  MUST(MPI_Comm_rank(MPI_COMM_WORLD, &answer), answer == rank);
  return 0;
}

int main(int argc, char** argv) {
  (void)argc;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  int (*const calls)(void) = strcmp(argv[1], "persistent") == 0 ? persistent
                             : strcmp(argv[1], "messages") == 0 ? messages
                                                                : objects;
  for (long i = 0, round = 0; access(argv[2], F_OK) != 0; ++i) {
    for (int k = 0; k < 200; ++k)
      if (calls() != 0) return 1;
    if (rank != 0) continue;
    printf("round %ld\n", ++round);
    fflush(stdout);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("PASS");
  MPI_Finalize();
  return 0;
}
