// SPDX-License-Identifier: Apache-2.0
// Rank 1 stops itself behind the cut of a checkpoint, before its own image is taken, when the file named by the first
// argument exists: its callback is the innermost, and runs when crcp has agreed. The others go round and round
// (others.h). The end is when the file named by the second argument exists. PASS if every value was right.
#include <signal.h>
#include <stdlib.h>

#include "others.h"

static int stop_here(void* path) {
  if (access(path, F_OK) == 0) {
    printf("process %d stops\n", (int)getpid());
    fflush(stdout);
    kill(getpid(), SIGSTOP);
  }
  return 0;
}

int main(int argc, char** argv) {
  int rank;
  const int is_late = getenv("OMPI_COMM_WORLD_RANK") != NULL && atoi(getenv("OMPI_COMM_WORLD_RANK")) == 1;
  if (is_late && (cr_init() < 0 || cr_register_callback(stop_here, argv[argc - 2], CR_THREAD_CONTEXT) < 0)) return 1;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const int right = others_go_round(rank, argv[argc - 1], 0);
  MPI_Finalize();
  if (rank == 0) printf(right ? "PASS\n" : "FAIL\n");
  return 0;
}
