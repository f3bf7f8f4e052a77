/* SPDX-License-Identifier: Apache-2.0 */
/* A program with a 100 Hz interval timer, as profilers and old codes have: handlers interrupt MPI calls all the time.
 *   ticker SECONDS
 * Ends after 100 * SECONDS ticks on rank 0; so a timer that does not survive a restart is a hang, seen from outside.
 * Prints "step i/20" and PASS. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks;

static void tick(int number) {
  (void)number;
  ++ticks;
}

int main(int argc, char **argv) {
  const int wanted = (int)(100 * (argc > 1 ? atof(argv[1]) : 3));
  int rank, size, go = 1, reported = 0;
  long rounds = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART | SA_ONSTACK};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval every = {{0, 10000}, {0, 10000}};
  setitimer(ITIMER_REAL, &every, NULL);
  while (go) {
    int sum = 0, one = 1, token = rank, from = -1;
    MPI_Sendrecv(&token, 1, MPI_INT, (rank + 1) % size, 0, &from, 1, MPI_INT, (rank + size - 1) % size, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (sum != size || from != (rank + size - 1) % size) {
      printf("FAIL round %ld: sum %d from %d\n", rounds, sum, from);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
    ++rounds;
    go = rank == 0 ? ticks < wanted : 0;
    MPI_Bcast(&go, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank == 0 && ticks * 20 / wanted > reported) {
      reported = ticks * 20 / wanted;
      printf("step %d/20\n", reported);
      fflush(stdout);
    }
  }
  if (rank == 0) printf("PASS ticker: %d ticks, %ld rounds\n", (int)ticks, rounds);
  MPI_Finalize();
  return 0;
}
