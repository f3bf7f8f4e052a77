/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_THREAD_MULTIPLE: two threads do nothing but look at MPI_Wtime, until the file named by the argument exists. It
 * never goes back, and the time between a checkpoint and its restart does not count: where the time of day made its
 * longest step, MPI_Wtime made a short one. Prints PASS. */
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 2, LOOKS = 1000 };

typedef struct {
  const char *until;
  double least, at_longest, longest; /* steps: the least, that of MPI_Wtime at the longest of the day, and this one */
} Watch;

static double time_of_day(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *watch(void *argument) {
  Watch *w = argument;
  double day = time_of_day(), last = MPI_Wtime();
  for (long i = 0; i % LOOKS != 0 || access(w->until, F_OK) != 0; i++) {
    const double now = MPI_Wtime(), today = time_of_day();
    if (now - last < w->least) w->least = now - last;
    if (today - day > w->longest) w->longest = today - day, w->at_longest = now - last;
    last = now;
    day = today;
  }
  return NULL;
}

int main(int argc, char **argv) {
  int level, right = 1;
  pthread_t threads[THREADS];
  Watch watches[THREADS];
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  for (int i = 0; i < THREADS; i++) {
    watches[i] = (Watch){argv[1], 1, 0, 0};
    pthread_create(&threads[i], NULL, watch, &watches[i]);
  }
  printf("looks\n"), fflush(stdout);
  for (int i = 0; i < THREADS; i++) {
    const Watch *w = &watches[i];
    pthread_join(threads[i], NULL);
    printf("the day's longest step %.3f s, there MPI_Wtime %.6f s; its least step %g s\n", w->longest, w->at_longest,
           w->least);
    right = right && w->least >= 0 && w->at_longest < w->longest / 2;
  }
  printf(right ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return !right;
}
