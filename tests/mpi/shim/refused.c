/* SPDX-License-Identifier: Apache-2.0 */
/* Makes one after the other of the objects that keep a job from being checkpointed. refused DIRECTORY: rank 0 prints
 * "has NAME" when the object is there on all ranks, and "has nothing" after the last one; the object goes when
 * DIRECTORY/NAME exists. */
// clang-format off
#include <mpi.h>
#include <mpi-ext.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int rank;
static const char *directory;

static void wait_for(const char *name) {
  char path[512];
  int done = 0;
  snprintf(path, sizeof path, "%s/%s", directory, name);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("has %s\n", name), fflush(stdout);
  while (!done) {
    if (rank == 0) done = access(path, F_OK) == 0;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
}

static void file(void) {
  char path[512];
  MPI_File handle;
  snprintf(path, sizeof path, "%s/data", directory);
  MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &handle);
  if (rank == 0) unlink(path);
  wait_for("file");
  MPI_File_close(&handle);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  directory = argv[1];
  file();
  wait_for("nothing");
  MPI_Finalize();
  return 0;
}
