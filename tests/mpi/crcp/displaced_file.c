// SPDX-License-Identifier: Apache-2.0
// One rank with an open file, which goes from its path to FILE.away:
//   crcp_displaced_file FILE END section: at once; the rank is within short MPI calls then, of half a second each
//   crcp_displaced_file FILE END later: as soon as it has been looked at for the second time, which is done by the
//     program's own stat(), as its MPI library calls it
// Until the file END is there; PASS if the file can still be written then.
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *file_path, *later;
static char away[4096];
static int looks;

int stat(const char* path, struct stat* status) {
  const int result = fstatat(AT_FDCWD, path, status, 0);
  if (later != NULL && strcmp(path, file_path) == 0 && ++looks == 2) rename(file_path, away);
  return result;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void slowly(void* in, void* inout, int* count, MPI_Datatype* type) {
  const double until = seconds() + 0.5;
  (void)in, (void)inout, (void)count, (void)type;
  while (seconds() < until) {
  }
}

int main(int argc, char** argv) {
  const struct timespec moment = {0, 10000000};
  MPI_File file;
  MPI_Op op;
  int value = 4711, other = 0, in_section;
  MPI_Init(&argc, &argv);
  if (argc != 4) MPI_Abort(MPI_COMM_WORLD, 2);
  file_path = argv[1];
  snprintf(away, sizeof away, "%s.away", file_path);
  MPI_Op_create(slowly, 1, &op);
  MPI_File_open(MPI_COMM_SELF, file_path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  in_section = strcmp(argv[3], "section") == 0;
  if (in_section)
    rename(file_path, away);
  else
    later = file_path;
  printf("ready\n");
  fflush(stdout);
  while (access(argv[2], F_OK) != 0) {
    if (in_section)
      MPI_Reduce_local(&value, &other, 1, MPI_INT, op);
    else
      nanosleep(&moment, NULL);
  }
  MPI_File_write_at(file, 0, &value, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_read_at(file, 0, &other, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_close(&file);
  MPI_Op_free(&op);
  printf(other == value ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return 0;
}
