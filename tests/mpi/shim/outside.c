// SPDX-License-Identifier: Apache-2.0
// outside before|after FILE: waits for FILE before MPI_Init or after MPI_Finalize, and asks MPI for its version then.
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const struct timespec pause = {0, 10000000};
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length, finalized;
  if (strcmp(argv[1], "after") == 0) {
    MPI_Init(&argc, &argv);
    MPI_Finalize();
  }
  printf("waits %d\n", (int)getpid());
  fflush(stdout);
  while (access(argv[2], F_OK) != 0) nanosleep(&pause, NULL);
  MPI_Finalized(&finalized);
  printf("finalized: %d\n", finalized);
  fflush(stdout);
  MPI_Get_library_version(text, &length);
  printf("it is %s\n", text);
  return 0;
}
