// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: a collective that does not wait is recorded while another thread of the rank is inside of a
// barrier which nobody can leave before it has begun.
//   crcp_recorded_beside GO ON immediate|persistent     (2 ranks)
// A second thread of rank 0 goes into a barrier. When the file GO is there the main threads begin a sum on another
// communicator. Rank 1 waits for it and comes to the barrier then; rank 0 only waits for its thread. A request that is
// made before GO has both recorded. When the file ON is there they do the same once more. Prints PASS.
// clang-format off
#include <mpi.h>
#include <mpi-ext.h>
// clang-format on
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct timespec moment = {0, 5000000};
static MPI_Comm beside, sums;
static int rank, wrong, mine, sum;
static MPI_Request request, persistent;
static atomic_int begun;

static void* go_into_barrier(void* unused) {
  begun = 1;
  MPI_Barrier(beside);
  return unused;
}

// The thread has done nothing but that for a while: it polls in there.
static void await_inside(pthread_t thread) {
  clockid_t clock;
  struct timespec used = {0, 0};
  while (!begun) nanosleep(&moment, NULL);
  pthread_getcpuclockid(thread, &clock);
  while (used.tv_sec == 0 && used.tv_nsec < 50000000) {
    nanosleep(&moment, NULL);
    clock_gettime(clock, &used);
  }
}

static void round_with(const char* file, const char* ready) {
  pthread_t thread;
  sum = 0;
  if (rank == 0) {
    begun = 0;
    pthread_create(&thread, NULL, go_into_barrier, NULL);
    await_inside(thread);
    printf("%s\n", ready);
    fflush(stdout);
  }
  while (access(file, F_OK) != 0) nanosleep(&moment, NULL);
  if (persistent != MPI_REQUEST_NULL)
    MPI_Start(&persistent), request = persistent;
  else
    MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, sums, &request);
  if (rank == 0)
    pthread_join(thread, NULL);
  else
    MPI_Wait(&request, MPI_STATUS_IGNORE), MPI_Barrier(beside);
  if (rank == 0) MPI_Wait(&request, MPI_STATUS_IGNORE);
  if (sum != 3) ++wrong, printf("FAIL rank %d: a sum is %d\n", rank, sum);
}

int main(int argc, char** argv) {
  int provided;
  if (argc < 4) return 2;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_dup(MPI_COMM_WORLD, &beside);
  MPI_Comm_dup(MPI_COMM_WORLD, &sums);
  mine = rank + 1;
  persistent = MPI_REQUEST_NULL;
  if (strcmp(argv[3], "persistent") == 0)
    MPIX_Allreduce_init(&mine, &sum, 1, MPI_INT, MPI_SUM, sums, MPI_INFO_NULL, &persistent);
  if (rank == 0 && provided != MPI_THREAD_MULTIPLE) printf("no threads\n"), fflush(stdout);
  round_with(argv[1], "ready");
  while (access(argv[2], F_OK) != 0) nanosleep(&moment, NULL);
  round_with(argv[2], "again");
  if (persistent != MPI_REQUEST_NULL) MPI_Request_free(&persistent);
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return wrong != 0;
}
