// SPDX-License-Identifier: Apache-2.0
// files_and_windows SECONDS: opens, writes, reads and closes a file, makes, fences, locks and frees a window, again and
// again; one rank always comes late, so that the others wait inside of collective calls. Checks every number; prints
// PASS.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int rank, size, wrong;

static void file_round(int round) {
  MPI_File file;
  int mine = round * size + rank, read = -1;
  const MPI_Offset place = (MPI_Offset)sizeof mine * rank;
  MPI_File_open(MPI_COMM_WORLD, "numbers", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  MPI_File_set_size(file, (MPI_Offset)sizeof mine * size);
  MPI_File_write_at_all(file, place, &mine, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_File_read_at_all(file, place, &read, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_close(&file);
  wrong += read != mine;
}

static void window_round(int round) {
  MPI_Win window;
  int* shared;
  int mine = round * size + rank;
  const int left = (rank + size - 1) % size, right = (rank + 1) % size;
  MPI_Win_allocate_shared(sizeof mine, sizeof mine, MPI_INFO_NULL, MPI_COMM_WORLD, &shared, &window);
  MPI_Win_fence(0, window);
  MPI_Put(&mine, 1, MPI_INT, right, 0, 1, MPI_INT, window);
  MPI_Win_fence(0, window);
  wrong += *shared != round * size + left;
  MPI_Win_fence(0, window);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, window);
  MPI_Accumulate(&rank, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, window);
  MPI_Win_unlock(0, window);
  MPI_Win_free(&window);
}

static void come_late(double seconds) {
  const double until = MPI_Wtime() + seconds;
  while (MPI_Wtime() < until) {
  }
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const double end = MPI_Wtime() + (argc > 1 ? atof(argv[1]) : 1);
  int go = 1;
  for (int round = 1; go; ++round) {
    if (round % size == rank) come_late(0.01);
    file_round(round);
    window_round(round);
    if (rank == 0 && round % 10 == 1) printf("round %d\n", round), fflush(stdout);
    go = MPI_Wtime() < end;
    MPI_Bcast(&go, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return wrong != 0;
}
