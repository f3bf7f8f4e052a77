// SPDX-License-Identifier: Apache-2.0
// A freed communicator that both ends need at the first checkpoint, and one end at the second:
//   crcp_held_twice FIRST SECOND     (2 ranks)
// Rank 0 has receives on it, rank 1 a persistent send. After "ready 1" and the file FIRST rank 1 sends, and frees its
// request: its end is gone, and made anew by no later restart. After "ready 2" and the file SECOND rank 0 looks at what
// has come, and takes back the receive that nothing matches. Prints PASS if all was right.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int rank;

static void await_file(int number, const char* path) {
  const struct timespec moment = {0, 5000000};
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    printf("ready %d\n", number);
    fflush(stdout);
  }
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char** argv) {
  MPI_Comm copy;
  MPI_Request requests[2];
  MPI_Status status;
  int value = 0, unmatched = -1, cancelled = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 3) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  if (rank == 0) {
    MPI_Irecv(&value, 1, MPI_INT, 1, 1, copy, &requests[0]);
    MPI_Irecv(&unmatched, 1, MPI_INT, 1, 2, copy, &requests[1]);
  } else {
    MPI_Send_init(&value, 1, MPI_INT, 0, 1, copy, &requests[0]);
  }
  MPI_Comm_free(&copy);
  await_file(1, argv[1]);
  if (rank == 1) {
    value = 4711;
    MPI_Start(&requests[0]);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Request_free(&requests[0]);
    MPI_Comm_dup(MPI_COMM_SELF, &copy);  // whoever makes or frees one lets go of what nobody needs any more
    MPI_Comm_free(&copy);
  }
  await_file(2, argv[2]);
  if (rank == 0) {
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Cancel(&requests[1]);
    MPI_Wait(&requests[1], &status);
    MPI_Test_cancelled(&status, &cancelled);
    if (value == 4711 && cancelled && unmatched == -1)
      printf("PASS\n");
    else
      printf("FAIL: %d received, cancelled %d, unmatched %d\n", value, cancelled, unmatched);
  }
  MPI_Finalize();
  return 0;
}
