/* SPDX-License-Identifier: Apache-2.0 */
/* Buffered sends of all kinds by several threads at a time: the buffer belongs to the process. */
#include <mpi.h>
#include <pthread.h>
#include <stdlib.h>

#include "say.h"

enum { THREADS = 4, MESSAGES = 256, ROUNDS = 10, BUFFER = 1 << 22 };

static int size;

static void send_one(int kind, int *value, int to, int tag, MPI_Request *request) {
  *request = MPI_REQUEST_NULL;
  if (kind == 0) {
    MPI_Bsend(value, 1, MPI_INT, to, tag, MPI_COMM_WORLD);
  } else if (kind == 1) {
    MPI_Ibsend(value, 1, MPI_INT, to, tag, MPI_COMM_WORLD, request);
  } else {
    MPI_Request again;
    MPI_Bsend_init(value, 1, MPI_INT, to, tag, MPI_COMM_WORLD, &again);
    MPI_Start(&again);
    MPI_Wait(&again, MPI_STATUS_IGNORE);
    MPI_Request_free(&again);
  }
}

static void *work(void *argument) {
  const int tag = (int)(long)argument, right = (say_rank + 1) % size, left = (say_rank + size - 1) % size;
  static __thread int out[MESSAGES], in[MESSAGES];
  static __thread MPI_Request sent[MESSAGES], received[MESSAGES];
  long wrong = 0;
  for (int i = 0; i < MESSAGES; i++) {
    out[i] = 1000 * tag + i;
    MPI_Irecv(&in[i], 1, MPI_INT, left, tag, MPI_COMM_WORLD, &received[i]);
    send_one(i % 3, &out[i], right, tag, &sent[i]);
  }
  MPI_Waitall(MESSAGES, sent, MPI_STATUSES_IGNORE);
  MPI_Waitall(MESSAGES, received, MPI_STATUSES_IGNORE);
  for (int i = 0; i < MESSAGES; i++) wrong += in[i] != 1000 * tag + i;
  return (void *)wrong;
}

int main(int argc, char **argv) {
  int level, bytes;
  long wrong = 0;
  void *buffer = malloc(BUFFER), *detached;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Buffer_attach(buffer, BUFFER);
  for (int round = 0; round < ROUNDS; round++) {
    pthread_t threads[THREADS];
    for (long t = 0; t < THREADS; t++) pthread_create(&threads[t], NULL, work, (void *)t);
    for (int t = 0; t < THREADS; t++) {
      void *result;
      pthread_join(threads[t], &result);
      wrong += (long)result;
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Buffer_detach(&detached, &bytes);
  say("level %d wrong %ld detached %d of %d", level, wrong, detached == buffer, bytes);
  MPI_Finalize();
  free(buffer);
  return 0;
}
