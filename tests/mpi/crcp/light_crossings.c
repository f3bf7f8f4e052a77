// SPDX-License-Identifier: Apache-2.0
// A program whose thread-local state would show it if MPI were called with the wrong thread pointer. Two threads call
// MPI in turns (MPI_THREAD_SERIALIZED), a timer interrupts them 100 times a second, operations of the program allocate
// memory.
//   light_crossings FILE [at_once|alone]   until FILE exists; then prints PASS. at_once: both threads may call MPI at
//                                          once. alone: there is one thread (MPI_THREAD_SINGLE)
#include <errno.h>
#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { kBytes = 6000 };

static __thread unsigned char pattern[kBytes];
static __thread unsigned char mine;
static __thread volatile long interrupted;
static volatile long signals;
static int at_once, alone, wrong;
static volatile int done;

static void begin_pattern(unsigned char value) {
  mine = value;
  memset(pattern, value, sizeof pattern);
}

static void look_at_pattern(const char* when) {
  for (int i = 0; i < kBytes; ++i) {
    if (pattern[i] == mine) continue;
    printf("thread-local byte %d is %d, not %d, %s\n", i, pattern[i], mine, when), fflush(stdout);
    __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    return;
  }
}

static void on_timer(int signal) {
  const int before = errno;
  (void)signal;
  interrupted = interrupted + 1;
  signals = signals + 1;
  for (int i = 0; i < kBytes; i += 97)
    if (pattern[i] != mine) __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
  errno = 4711;  // of this thread; put back
  errno = before;
}

static void sum(void* in, void* inout, int* n, MPI_Datatype* type) {
  (void)type;
  look_at_pattern("in an operation");
  long* copy = malloc((size_t)*n * sizeof *copy);
  memcpy(copy, in, (size_t)*n * sizeof *copy);
  for (int i = 0; i < *n; ++i) ((long*)inout)[i] += copy[i];
  free(copy);
}

static void expect(int right, const char* what, int round) {
  if (right) return;
  printf("%s is wrong in round %d\n", what, round), fflush(stdout);
  __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static void round_of(MPI_Comm comm, MPI_Op op, int round) {
  int rank, size, flag;
  long got[512], sent[512], total[3];
  MPI_Request requests[2];
  MPI_Status status;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  const int n = round % 512 + 1, to = (rank + 1) % size, from = (rank + size - 1) % size;
  for (int i = 0; i < n; ++i) sent[i] = rank * 1000000L + round + i;
  MPI_Irecv(got, n, MPI_LONG, from, 7, comm, &requests[0]);
  MPI_Isend(sent, n, MPI_LONG, to, 7, comm, &requests[1]);
  MPI_Iprobe(MPI_ANY_SOURCE, 99, comm, &flag, &status);
  expect(!flag, "MPI_Iprobe", round);
  for (flag = 0; !flag;) MPI_Test(&requests[0], &flag, &status);
  MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
  expect(got[0] == from * 1000000L + round && got[n - 1] == got[0] + n - 1, "a message", round);
  for (int i = 0; i < 3; ++i) total[i] = rank + i;
  MPI_Allreduce(MPI_IN_PLACE, total, 3, MPI_LONG, op, comm);
  expect(total[2] == size * (size - 1L) / 2 + 2L * size, "MPI_Allreduce", round);
  MPI_Bcast(&total[0], 1, MPI_LONG, round % size, comm);
  MPI_Barrier(comm);
  look_at_pattern("after a round");
}

struct work {
  MPI_Comm comm;
  MPI_Op op;
};

// For as long as the program runs, beside the main thread.
static void* many_rounds(void* argument) {
  const struct work* work = argument;
  begin_pattern(0x5a);
  for (int round = 0, last = 0; !last; ++round) {
    round_of(work->comm, work->op, round);
    last = done;
    MPI_Allreduce(MPI_IN_PLACE, &last, 1, MPI_INT, MPI_MIN, work->comm);
  }
  return NULL;
}

// While the main thread waits.
static void* one_round(void* argument) {
  static int rounds;
  const struct work* work = argument;
  begin_pattern(0x5a);
  round_of(work->comm, work->op, rounds++);
  return NULL;
}

int main(int argc, char** argv) {
  int rank, provided, ended = 0, all_wrong = 0;
  pthread_t thread;
  struct work first = {MPI_COMM_NULL, MPI_OP_NULL}, second = first;
  struct itimerval tenth = {{0, 10000}, {0, 10000}};
  struct sigaction action;
  at_once = argc > 2 && strcmp(argv[2], "at_once") == 0;
  alone = argc > 2 && strcmp(argv[2], "alone") == 0;
  const int level = at_once ? MPI_THREAD_MULTIPLE : alone ? MPI_THREAD_SINGLE : MPI_THREAD_SERIALIZED;
  MPI_Init_thread(&argc, &argv, level, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_dup(MPI_COMM_WORLD, &first.comm);
  MPI_Comm_dup(MPI_COMM_WORLD, &second.comm);
  MPI_Op_create(sum, 1, &first.op);
  second.op = first.op;
  begin_pattern(0xa5);
  memset(&action, 0, sizeof action);
  action.sa_handler = on_timer;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &tenth, NULL);
  if (at_once) pthread_create(&thread, NULL, many_rounds, &second);
  for (int round = 0; !ended; ++round) {
    round_of(first.comm, first.op, round);
    if (!at_once && !alone) {
      pthread_create(&thread, NULL, one_round, &second);
      pthread_join(thread, NULL);
    }
    if (rank == 0 && (round == 50 || round % 200 == 199)) printf("round %d\n", round), fflush(stdout);
    if (rank == 0) ended = access(argv[1], F_OK) == 0;
    MPI_Bcast(&ended, 1, MPI_INT, 0, first.comm);
  }
  done = 1;
  if (at_once) pthread_join(thread, NULL);
  expect(signals > 0, "the number of signals", 0);
  MPI_Op_free(&first.op);
  MPI_Allreduce(&wrong, &all_wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(all_wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return all_wrong != 0;
}
