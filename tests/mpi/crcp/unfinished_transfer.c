// SPDX-License-Identifier: Apache-2.0
// Big messages of rank 0 are under way to rank 1, which receives them when the file GO is there: a request that is made
// before may be given up while they are on their way into memory of Cairn's.
//   crcp_unfinished_transfer GO     (2 ranks)
// Each is received in another way. Prints PASS if all have the right contents.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { kWays = 6, kBytes = 24 << 20, kHead = 4096 };

static int rank, wrong;
static char* memory[kWays];

static char content(int way, int i) { return (char)((i + way) % 113); }

static void fill(int way) {
  for (int i = 0; i < kBytes; ++i) memory[way][i] = rank == 0 ? content(way, i) : -1;
}

static void check(int way, const MPI_Status* status) {
  int bad = 0, count = 0;
  MPI_Get_count(status, MPI_CHAR, &count);
  for (int i = 0; i < kBytes; ++i) bad += memory[way][i] != content(way, i);
  if (bad == 0 && count == kBytes && status->MPI_TAG == way) return;
  ++wrong;
  printf("FAIL way %d: %d bytes are wrong, count %d, tag %d\n", way, bad, count, status->MPI_TAG);
}

static void receive(MPI_Message* given_out) {
  MPI_Status status, two[2];
  MPI_Request requests[2], again;
  int head = 0;
  MPI_Recv(memory[0], kBytes, MPI_CHAR, 0, 0, MPI_COMM_WORLD, &status);
  check(0, &status);
  // The one behind it may be here before it is.
  MPI_Irecv(memory[2], kBytes, MPI_CHAR, 0, 2, MPI_COMM_WORLD, &requests[0]);
  MPI_Irecv(memory[1], kBytes, MPI_CHAR, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &requests[1]);
  MPI_Waitall(2, requests, two);
  check(2, &two[0]);
  check(1, &two[1]);
  MPI_Recv(&head, 1, MPI_INT, 0, kHead, MPI_COMM_WORLD, &status);
  if (head != kHead) ++wrong, printf("FAIL the last message has %d\n", head);
  MPI_Mrecv(memory[3], kBytes, MPI_CHAR, given_out, &status);
  check(3, &status);
  MPI_Mprobe(0, 4, MPI_COMM_WORLD, given_out, &status);
  MPI_Imrecv(memory[4], kBytes, MPI_CHAR, given_out, &requests[0]);
  MPI_Wait(&requests[0], &status);
  check(4, &status);
  MPI_Recv_init(memory[5], kBytes, MPI_CHAR, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &again);
  MPI_Start(&again);
  for (int done = 0; !done;) MPI_Test(&again, &done, &status);
  check(5, &status);
  MPI_Request_free(&again);
}

int main(int argc, char** argv) {
  const struct timespec moment = {0, 5000000};
  const int last = kHead;
  MPI_Request requests[kWays + 1];
  MPI_Message given_out = MPI_MESSAGE_NULL;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 2) MPI_Abort(MPI_COMM_WORLD, 2);
  for (int way = 0; way < kWays; ++way) {
    memory[way] = malloc(kBytes);
    fill(way);
    if (rank == 0) MPI_Isend(memory[way], kBytes, MPI_CHAR, 1, way, MPI_COMM_WORLD, &requests[way]);
  }
  if (rank == 0) MPI_Isend(&last, 1, MPI_INT, 1, kHead, MPI_COMM_WORLD, &requests[kWays]);
  if (rank == 1) MPI_Mprobe(0, 3, MPI_COMM_WORLD, &given_out, MPI_STATUS_IGNORE);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("ready\n"), fflush(stdout);
  while (access(argv[1], F_OK) != 0) nanosleep(&moment, NULL);
  if (rank == 1)
    receive(&given_out);
  else
    MPI_Waitall(kWays + 1, requests, MPI_STATUSES_IGNORE);
  if (rank == 1 && wrong == 0) printf("PASS\n");
  for (int way = 0; way < kWays; ++way) free(memory[way]);
  MPI_Finalize();
  return wrong != 0;
}
