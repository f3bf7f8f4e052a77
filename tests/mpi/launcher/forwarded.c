/* SPDX-License-Identifier: Apache-2.0 */
/* Says which of the signals, numbers in the arguments, have come, until it is killed. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t come[_NSIG];

static void note(int number) { come[number] = 1; }

int main(int argc, char **argv) {
  const struct timespec pause = {0, 5000000};
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int i = 1; i < argc; i++) signal(atoi(argv[i]), note);
  for (long round = 0;; round++) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (round % 50 == 0) printf("rank %d works\n", rank), fflush(stdout);
    for (int number = 1; number < _NSIG; number++) {
      if (!come[number]) continue;
      come[number] = 0;
      printf("rank %d got %d\n", rank, number), fflush(stdout);
    }
    nanosleep(&pause, NULL);
  }
}
