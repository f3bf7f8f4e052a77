/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_THREAD_MULTIPLE: threads ask for Fortran's parametrised datatypes at the same time, and each is told the same
 * handle for the same parameters. Not compared with the real library, which keeps its table of them without a lock. */
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 4, DIGITS = 15, RANGES = 60 };

typedef struct {
  int first;
  MPI_Datatype reals[DIGITS][RANGES], complexes[DIGITS][RANGES], integers[DIGITS];
} Thread;

static Thread threads[THREADS];
static pthread_barrier_t together;

/* Each begins elsewhere, so that one adds to what another looks at. */
static void *ask(void *arg) {
  Thread *t = arg;
  pthread_barrier_wait(&together);
  for (int i = 0; i < DIGITS * RANGES; i++) {
    const int at = (i + t->first) % (DIGITS * RANGES), p = at % DIGITS, r = at / DIGITS;
    MPI_Type_create_f90_real(p + 1, r + 1, &t->reals[p][r]);
    MPI_Type_create_f90_complex(p + 1, r + 1, &t->complexes[p][r]);
    MPI_Type_create_f90_integer(p + 1, &t->integers[p]);
  }
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t ids[THREADS];
  int provided, different = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  pthread_barrier_init(&together, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) {
    threads[i].first = i * DIGITS * RANGES / THREADS;
    pthread_create(&ids[i], NULL, ask, &threads[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(ids[i], NULL);
  for (int i = 1; i < THREADS; i++)
    for (int p = 0; p < DIGITS; p++) {
      different += threads[i].integers[p] != threads[0].integers[p];
      for (int r = 0; r < RANGES; r++)
        different += (threads[i].reals[p][r] != threads[0].reals[p][r]) +
                     (threads[i].complexes[p][r] != threads[0].complexes[p][r]);
    }
  printf(different == 0 ? "PASS\n" : "FAIL: %d handles differ\n", different);
  MPI_Finalize();
  return different != 0;
}
