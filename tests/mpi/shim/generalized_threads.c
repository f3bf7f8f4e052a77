/* SPDX-License-Identifier: Apache-2.0 */
/* Generalized requests that another thread completes while the main thread waits for them, with each of the functions
 * that do, in another order on each rank.
 * generalized_threads FILE: the first is completed when FILE appears, which is when the job has been checkpointed, and
 * perhaps restarted; the main thread waits meanwhile. */
#include <pthread.h>

#include "say.h"

enum { kFunctions = 4 };

static pthread_t main_thread;
static pthread_barrier_t round_begins;
static MPI_Request requests[kFunctions];
static const char *path;

static int is_main(void) { return pthread_equal(main_thread, pthread_self()) != 0; }

static int query(void *extra, MPI_Status *status) {
  say("query of %ld, main thread: %d", (long)extra, is_main());
  MPI_Status_set_elements(status, MPI_INT, (int)(long)extra);
  return MPI_Status_set_cancelled(status, 0);
}

static int release(void *extra) {
  say("free of %ld, main thread: %d", (long)extra, is_main());
  return MPI_SUCCESS;
}

static int cancel(void *extra, int complete) { return extra == NULL && complete; }

static void *complete_all(void *unused) {
  for (int i = 0; i < kFunctions; i++) {
    pthread_barrier_wait(&round_begins);
    while (path != NULL && access(path, F_OK) != 0) usleep(10000);
    MPI_Grequest_complete(requests[i]);
  }
  return unused;
}

/* A generalized request, and a receive that is complete. */
static void wait_for(int function, int i) {
  MPI_Request both[2] = {requests[i], MPI_REQUEST_NULL};
  MPI_Status status;
  int index = -1, count = -1, in = -1, flag = 0, elements;
  MPI_Irecv(&in, 1, MPI_INT, say_rank, 1, MPI_COMM_WORLD, &both[1]);
  MPI_Send(&say_rank, 1, MPI_INT, say_rank, 1, MPI_COMM_WORLD);
  while (!flag) MPI_Request_get_status(both[1], &flag, MPI_STATUS_IGNORE);
  if (function == 2) MPI_Waitany(2, both, &index, MPI_STATUS_IGNORE);
  if (function == 3) MPI_Waitsome(2, both, &count, &index, MPI_STATUSES_IGNORE);
  say("function %d, first %d (%d)", function, index, count);
  pthread_barrier_wait(&round_begins);
  if (function == 0) MPI_Wait(&both[0], &status);
  if (function == 2) MPI_Waitany(2, both, &index, &status);
  if (function == 3) MPI_Waitsome(2, both, &count, &index, &status);
  if (function == 1) {
    MPI_Status statuses[2];
    MPI_Waitall(2, both, statuses);
    status = statuses[0];
  }
  MPI_Get_elements(&status, MPI_INT, &elements);
  say("then %d (%d): %d elements, null %d %d", index, count, elements, both[0] == MPI_REQUEST_NULL,
      both[1] == MPI_REQUEST_NULL);
  MPI_Waitall(2, both, MPI_STATUSES_IGNORE);
  say("received %d", in);
}

int main(int argc, char **argv) {
  pthread_t other;
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  say("level %d", provided);
  path = argc > 1 ? argv[1] : NULL;
  main_thread = pthread_self();
  pthread_barrier_init(&round_begins, NULL, 2);
  for (long i = 0; i < kFunctions; i++) MPI_Grequest_start(query, release, cancel, (void *)(i + 1), &requests[i]);
  MPI_Barrier(MPI_COMM_WORLD);
  if (say_rank == 0) printf("held\n"), fflush(stdout);
  pthread_create(&other, NULL, complete_all, NULL);
  for (int i = 0; i < kFunctions; i++) wait_for((i + say_rank) % kFunctions, i);
  pthread_join(other, NULL);
  MPI_Finalize();
  return 0;
}
