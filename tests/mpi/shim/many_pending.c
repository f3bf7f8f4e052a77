/* SPDX-License-Identifier: Apache-2.0 */
/* No send costs more because others are pending: 10,000 synchronous ones and as many buffered ones, to this process
 * itself, so that no other's work is measured. Processor time of the first and of the last thousand is compared, and
 * all messages have to arrive. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGES = 10000, PART = 1000, BYTES = 1500, FACTOR = 6 };

static char out[BYTES], in[BYTES];
static MPI_Request requests[MESSAGES];
static int wrong;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static void send_synchronous(int i) { MPI_Issend(&i, 1, MPI_INT, 0, i % 100, MPI_COMM_SELF, &requests[i]); }

static void send_buffered(int i) { MPI_Bsend(out, BYTES, MPI_CHAR, 0, 100 + i % 100, MPI_COMM_SELF); }

static double part_of(int first, void (*send)(int)) {
  const double start = now();
  for (int i = first; i < first + PART; i++) send(i);
  return (now() - start) / PART;
}

static void compare(const char *what, void (*send)(int)) {
  const double early = part_of(0, send);
  for (int i = PART; i < MESSAGES - PART; i++) send(i);
  const double late = part_of(MESSAGES - PART, send);
  printf("%s: %.2f us each at first, %.2f us with %d pending\n", what, early, late, MESSAGES);
  wrong += late > FACTOR * early;
}

int main(int argc, char **argv) {
  const int size = MESSAGES * (BYTES + MPI_BSEND_OVERHEAD);
  void *buffer = malloc(size);
  int length;
  MPI_Init(&argc, &argv);
  compare("synchronous", send_synchronous);
  const double start = now();
  for (int i = 0; i < MESSAGES; i++) {
    int value = -1;
    MPI_Recv(&value, 1, MPI_INT, 0, i % 100, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    wrong += value != i;
  }
  MPI_Waitall(MESSAGES, requests, MPI_STATUSES_IGNORE);
  printf("received: %.2f us each\n", (now() - start) / MESSAGES);
  MPI_Buffer_attach(buffer, size);
  compare("buffered", send_buffered);
  for (int i = 0; i < MESSAGES; i++) MPI_Recv(in, BYTES, MPI_CHAR, 0, 100 + i % 100, MPI_COMM_SELF, MPI_STATUS_IGNORE);
  MPI_Buffer_detach(&buffer, &length);
  wrong += length != size;
  printf(wrong == 0 ? "PASS\n" : "FAIL\n");
  MPI_Finalize();
  return wrong != 0;
}
