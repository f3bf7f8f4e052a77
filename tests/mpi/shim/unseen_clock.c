/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at MPI_Wtime when it begins and when it ends, in the life in which the file named by the argument exists. In
 * between it watches the machine's clock, which went on between a checkpoint and its restart: those are its longest
 * steps, as many as the second argument says. MPI_Wtime must have counted all others, and not these. Prints "works"
 * after each second, and PASS. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4, LOOKS = 1000 };

static double machine_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Among the longest ones, which are in descending order. */
static void note(double longest[MOST], double step) {
  for (int i = 0; i < MOST; i++) {
    if (step <= longest[i]) continue;
    const double shorter = longest[i];
    longest[i] = step;
    step = shorter;
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const int cuts = atoi(argv[2]);
  double longest[MOST] = {0}, away = 0;
  const double begin = MPI_Wtime(), machine_begin = machine_time();
  double last = machine_begin, told = machine_begin;
  for (long i = 0; i % LOOKS != 0 || access(argv[1], F_OK) != 0; i++) {
    const double now = machine_time();
    note(longest, now - last);
    last = now;
    if (now - told >= 1) printf("works\n"), fflush(stdout), told = now;
  }
  const double counted = MPI_Wtime() - begin, passed = machine_time() - machine_begin;
  for (int i = 0; i < cuts; i++) away += longest[i];
  printf("MPI_Wtime counted %.3f s, the machine's clock %.3f s, of them %.3f s in %d steps\n", counted, passed, away,
         cuts);
  /* To the half of the shortest time away: what the ranks need to come to a cut is a part of it. */
  const double work = passed - away, slack = longest[cuts - 1] / 2;
  const int right = counted > work - work / 4 && counted < work + slack;
  printf(right ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return !right;
}
