/* SPDX-License-Identifier: Apache-2.0 */
/* profiled FILE: a few messages and sums on both sides of a restart, of which a profiler (profiler.c) has seen each
 * once. */
#include <dlfcn.h>

#include "halves/halves.h"

static int *sends, *sums;

static void communicate(void) {
  int got, sum;
  MPI_Request request;
  OK(MPI_Irecv(&got, 1, MPI_INT, left, 4, MPI_COMM_WORLD, &request));
  OK(MPI_Send(&rank, 1, MPI_INT, right, 4, MPI_COMM_WORLD));
  OK(MPI_Wait(&request, MPI_STATUS_IGNORE));
  OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
  CHECK(got == left && sum == size * (size - 1) / 2);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  sends = dlsym(RTLD_DEFAULT, "profiler_sends");
  sums = dlsym(RTLD_DEFAULT, "profiler_sums");
  CHECK(sends != NULL && sums != NULL);
  communicate();
  CHECK(*sends == 1 && *sums == 1);

  halves_between(argv[1]);

  CHECK(*sends == 1 && *sums == 1); /* Cairn's own calls are none of the program's */
  communicate();
  CHECK(*sends == 2 && *sums == 2);
  halves_end();
  return 0;
}
