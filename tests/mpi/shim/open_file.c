// SPDX-License-Identifier: Apache-2.0
// Has a file open for writing, and no descriptor of it:
//   shim_open_file FILE CLOSE END
// Says "open"; closes it when the file CLOSE is there, ends MPI, says "finalized", and goes on until the file END is
// there.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void await_file(const char* path) {
  const struct timespec moment = {0, 5000000};
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
}

int main(int argc, char** argv) {
  MPI_File file;
  char text[] = "first\n";
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 4 || MPI_File_open(MPI_COMM_WORLD, argv[1], MPI_MODE_WRONLY | MPI_MODE_CREATE, MPI_INFO_NULL, &file) != 0)
    MPI_Abort(MPI_COMM_WORLD, 2);
  if (rank == 0) MPI_File_write(file, text, sizeof text - 1, MPI_CHAR, MPI_STATUS_IGNORE);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("open\n");
  fflush(stdout);
  await_file(argv[2]);
  MPI_File_close(&file);
  MPI_Finalize();
  if (rank == 0) printf("finalized by %d\n", (int)getpid());
  fflush(stdout);
  await_file(argv[3]);
  if (rank == 0) printf("PASS\n");
  return 0;
}
