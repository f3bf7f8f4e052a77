/* SPDX-License-Identifier: Apache-2.0 */
/* Says what the variables named by its arguments are, before and after there is a file "go". */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/mpi/told_of_file.h"

static void say(const char *when, int rank, int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    const char *value = getenv(argv[i]);
    printf("%s rank %d: %s=%s\n", when, rank, argv[i], value != NULL ? value : "(unset)");
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  say("before", rank, argc, argv);
  MPI_Barrier(MPI_COMM_WORLD);
  wait_for("go");
  say("after", rank, argc, argv);
  MPI_Finalize();
  return 0;
}
