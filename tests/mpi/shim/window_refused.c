/* SPDX-License-Identifier: Apache-2.0 */
/* window_refused FREE END: has a window, in MPI_THREAD_MULTIPLE, until FREE exists, and ends when END does. Rank 0 says
 * both. */
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

static void wait_for(const char *name) {
  for (int done = 0; !done;) {
    done = access(name, F_OK) == 0;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
}

int main(int argc, char **argv) {
  int rank, number = 0, level;
  MPI_Win win;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Win_create(&number, sizeof number, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  MPI_Win_set_name(win, "pane");
  if (rank == 0) printf("has a window\n"), fflush(stdout);
  wait_for(argv[1]);
  MPI_Win_free(&win);
  if (rank == 0) printf("has none\n"), fflush(stdout);
  wait_for(argv[2]);
  if (rank == 0) printf("PASS\n");
  MPI_Finalize();
  return 0;
}
