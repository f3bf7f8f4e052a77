// SPDX-License-Identifier: Apache-2.0
// An open file on a server that does not answer: stat() of it returns only when the file HUNG is gone, as the program's
// own stat() is what its MPI library calls. The program itself does not ask for it:
//   crcp_file_server FILE HUNG END ANSWERS
// Before it hangs the server answers each rank so many times; and rank 0 always, if that is not 0. All ranks print or
// count rounds until the file END is there; PASS if the file can still be written then.
#include <fcntl.h>
#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *file_path, *hung;
static int answers;
static const struct timespec moment = {0, 10000000};

int stat(const char* path, struct stat* status) {
  if (hung != NULL && strcmp(path, file_path) == 0 && access(hung, F_OK) == 0 && answers-- <= 0) {
    printf("hanging\n");
    fflush(stdout);
    while (access(hung, F_OK) == 0) nanosleep(&moment, NULL);
  }
  return fstatat(AT_FDCWD, path, status, 0);
}

int main(int argc, char** argv) {
  MPI_File file;
  int rank, end = 0, written = 0, round = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 5) MPI_Abort(MPI_COMM_WORLD, 2);
  file_path = argv[1];
  MPI_File_open(MPI_COMM_WORLD, file_path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  answers = atoi(argv[4]);
  if (answers != 0 && rank == 0) answers = INT_MAX;
  hung = argv[2];
  while (!end) {
    int over = access(argv[3], F_OK) == 0;
    nanosleep(&moment, NULL);
    MPI_Allreduce(&over, &end, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    if (rank == 0) printf("round %d\n", ++round);
    fflush(stdout);
  }
  MPI_File_write_at_all(file, rank * (MPI_Offset)sizeof rank, &rank, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_read_at(file, rank * (MPI_Offset)sizeof rank, &written, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_close(&file);
  if (rank == 1) printf(written == rank ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return 0;
}
