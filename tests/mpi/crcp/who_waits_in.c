// SPDX-License-Identifier: Apache-2.0
// What a status tells of a rank that waits otherwise than for a message or a collective call.
//   crcp_who_waits_in KIND GO
// Until the file GO exists rank 2 computes, rank 1 waits for it in what KIND says, and rank 0 is in a collective of
// all. Prints PASS.
// clang-format off
#include <mpi.h>
#include <mpi-ext.h>
// clang-format on
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static const char* go;
static MPI_Comm pair, other; /* ranks 1 and 2 */
static MPI_Win window;
static MPI_File file;
static int wrong;

static void until_go(void) {
  const struct timespec pause = {0, 10000000};
  while (access(go, F_OK) != 0) nanosleep(&pause, NULL);
}

/* Rank 2 computes from when rank 1 is about to wait. */
static void compute(void) {
  MPI_Recv(NULL, 0, MPI_INT, 0, 1, pair, MPI_STATUS_IGNORE);
  printf("rank 2 computes\n"), fflush(stdout);
  until_go();
}
static void about_to_wait(void) { MPI_Send(NULL, 0, MPI_INT, 1, 1, pair); }

NOINLINE void* await_word(void* word) {
  MPI_Recv(word, 1, MPI_INT, 1, 77, pair, MPI_STATUS_IGNORE);
  return NULL;
}
NOINLINE int join_other(void) { return MPI_Barrier(other) + 1; }

static void threads(int waits) {
  int word = 0;
  pthread_t thread;
  MPI_Comm_dup(pair, &other);
  if (waits) {
    about_to_wait();
    pthread_create(&thread, NULL, await_word, &word);
    join_other();
    pthread_join(thread, NULL);
    wrong = word != 5;
  } else {
    compute();
    word = 5;
    MPI_Send(&word, 1, MPI_INT, 0, 77, pair);
    join_other();
  }
  MPI_Comm_free(&other);
}

NOINLINE int close_file(void) { return MPI_File_close(&file) + 1; }

static void files(int waits) {
  MPI_File_open(pair, "numbers", MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file);
  waits ? about_to_wait() : compute();
  close_file();
}

NOINLINE int lock_counter(void) { return MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, window) + 1; }

static void windows(int waits) {
  int* memory;
  MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL, pair, &memory, &window);
  MPI_Win_set_name(window, "counter");
  if (!waits) lock_counter();
  MPI_Barrier(pair);
  waits ? about_to_wait() : compute();
  if (waits) lock_counter();
  MPI_Win_unlock(0, window);
  MPI_Win_free(&window);
}

static int query(void* extra, MPI_Status* status) {
  (void)extra;
  MPI_Status_set_elements(status, MPI_INT, 1);
  return MPI_Status_set_cancelled(status, 0);
}
static int nothing(void* extra) { return extra != NULL; }
static int no_cancel(void* extra, int complete) { return extra != NULL && complete; }

static void* complete_it(void* request) {
  until_go();
  MPI_Grequest_complete(*(MPI_Request*)request);
  return NULL;
}
NOINLINE int await_request(MPI_Request* request) { return MPI_Wait(request, MPI_STATUS_IGNORE) + 1; }

static void generalized(int waits) {
  MPI_Request request;
  pthread_t thread;
  if (!waits) return compute();
  MPI_Grequest_start(query, nothing, no_cancel, NULL, &request);
  MPI_Request kept = request;
  pthread_create(&thread, NULL, complete_it, &kept);
  about_to_wait();
  await_request(&request);
  pthread_join(thread, NULL);
}

static void persistent(int waits) {
  MPI_Request request;
  MPIX_Barrier_init(pair, MPI_INFO_NULL, &request);
  if (waits) MPI_Start(&request);
  waits ? about_to_wait() : compute();
  if (!waits) MPI_Start(&request);
  await_request(&request);
  MPI_Request_free(&request);
}

int main(int argc, char** argv) {
  const struct {
    const char* name;
    void (*wait)(int);
  } kinds[] = {{"threads", threads},
               {"files", files},
               {"windows", windows},
               {"generalized", generalized},
               {"persistent", persistent}};
  int rank, level, sum = 0;
  go = argv[argc - 1];
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_split(MPI_COMM_WORLD, rank > 0, rank, &pair);
  for (int i = 0; rank > 0 && i < (int)(sizeof kinds / sizeof *kinds); ++i)
    if (strcmp(kinds[i].name, argv[1]) == 0) kinds[i].wait(rank == 1);
  MPI_Allreduce(&wrong, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf(sum == 0 ? "PASS\n" : "FAIL\n");
  MPI_Comm_free(&pair);
  MPI_Finalize();
  return 0;
}
