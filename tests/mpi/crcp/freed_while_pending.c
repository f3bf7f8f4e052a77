// SPDX-License-Identifier: Apache-2.0
// Every kind of object is freed while every kind of operation that needs it is pending, over a checkpoint:
//   crcp_freed_while_pending GO ON     (4 ranks)
// What is started early is pending when "ready" is said. Rank 0 is then inside of a collective that rank 2 comes to
// when the file GO is there: a request that is made before cannot end before. Ranks 1 and 2 start the late ones then,
// collectives that the request keeps from beginning; rank 3 when the file ON is there, after the checkpoint. Each
// operation checks its own data. Prints PASS if all was right.
#include "freed_while_pending.h"

#include <time.h>
#include <unistd.h>

int rank, left, right, wrong;

static const Row* const kTables[] = {messages, persistents, collectives, objects};

static void await_file(const char* path) {
  const struct timespec moment = {0, 5000000};
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
}

static void for_each_row(int late, int finish) {
  for (size_t t = 0; t < sizeof kTables / sizeof *kTables; ++t)
    for (const Row* row = kTables[t]; row->name != NULL; ++row) {
      if (row->late != late) continue;
      if (!finish) {
        row->start();
        continue;
      }
      const int before = wrong;
      row->finish();
      if (wrong != before) printf("FAIL rank %d: %s\n", rank, row->name);
    }
}

int main(int argc, char** argv) {
  int size, all_wrong = 0;
  MPI_Comm pair;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (argc != 3 || size != 4) MPI_Abort(MPI_COMM_WORLD, 2);
  left = (rank + 3) % 4;
  right = (rank + 1) % 4;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &pair);
  prepare_late();
  prepare_late_persistent();
  for_each_row(0, 0);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    printf("ready\n");
    fflush(stdout);
    MPI_Barrier(pair);
  } else {
    await_file(argv[rank == 3 ? 2 : 1]);
  }
  for_each_row(1, 0);
  if (rank == 2) MPI_Barrier(pair);
  free_while_recorded();
  for_each_row(1, 1);
  for_each_row(0, 1);
  MPI_Comm_free(&pair);
  MPI_Allreduce(&wrong, &all_wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0 && all_wrong == 0) printf("PASS\n");
  return all_wrong != 0;
}
