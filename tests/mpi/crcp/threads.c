// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: threads FILE KINDS. Until FILE exists the main thread goes through a barrier and prints "round
// N"; beside it, as KINDS says (any of these letters, some more than once), each rank has
//   x  two threads that compute and never call MPI
//   c  a thread in collective calls on a communicator of its own
//   t  two threads that send to each other's tags around the ring of ranks, and poll for what comes
//   m  two threads that take whatever comes first by MPI_Mprobe, and one that sends it
//   g  threads that come, have a word with those of other ranks and end
//   p  two threads that make communicators of all ranks by MPI_Comm_create_group, at the same time, and use and free
//   them l  a thread that comes while the main one, until then alone, is long inside of a reduction (two ranks)
// Everything received is checked. Prints PASS.
#include <mpi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 32, MATCHED_TAG = 50, BIG = 6000 };

static int rank, size;
static atomic_int stopping, wrong;
static const char kKinds[] = "xctmgpl";
static atomic_long done[7];  // of each kind: how often

static void expect(int right, const char* what) {
  if (right) return;
  if (atomic_fetch_add(&wrong, 1) == 0) printf("FAIL %s (rank %d)\n", what, rank), fflush(stdout);
}

static void a_moment(long nanoseconds) {
  const struct timespec pause = {0, nanoseconds};
  nanosleep(&pause, NULL);
}

// ---- x
static void* compute(void* unused) {
  volatile double sum = 0;
  (void)unused;
  (void)sum;
  while (!stopping) {
    for (int i = 1; i < 100000; ++i) sum += 1.0 / i;
    a_moment(1000000);
    ++done[0];
  }
  return NULL;
}

// ---- c
static void* collectives(void* communicator) {
  MPI_Comm comm = *(MPI_Comm*)communicator;
  int last = 0;
  for (int i = 0; !last; ++i) {
    const int mine[2] = {stopping, i + rank};
    int all[2], from_root = rank == i % size ? i : -1;
    MPI_Request request;
    MPI_Allreduce(mine, all, 2, MPI_INT, MPI_SUM, comm);
    expect(all[1] == size * i + size * (size - 1) / 2, "MPI_Allreduce");
    last = all[0] != 0;
    MPI_Ibcast(&from_root, 1, MPI_INT, i % size, comm, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    expect(from_root == i, "MPI_Ibcast");
    ++done[1];
  }
  return NULL;
}

// ---- t: a message says which round it belongs to, and which round is the last.
typedef struct {
  int thread;
  MPI_Comm comm;
} Ring;

static void pass_on(const int* out, int* in, const Ring* ring, int round) {
  const int right = (rank + 1) % size, left = (rank + size - 1) % size, tag = 10 + ring->thread;
  MPI_Request requests[2];
  MPI_Status status;
  int flag = 0, index;
  switch (round % 4) {
    case 0:
      MPI_Sendrecv(out, BIG, MPI_INT, right, 11 - ring->thread, in, BIG, MPI_INT, left, tag, ring->comm, &status);
      break;
    case 1:
      MPI_Irecv(in, BIG, MPI_INT, left, tag, ring->comm, &requests[0]);
      MPI_Issend(out, BIG, MPI_INT, right, 11 - ring->thread, ring->comm, &requests[1]);
      MPI_Waitany(2, requests, &index, &status);
      while (!flag) MPI_Test(&requests[1 - index], &flag, &status);
      break;
    case 2:
      MPI_Isend(out, 3, MPI_INT, right, 11 - ring->thread, ring->comm, &requests[0]);
      while (!flag) MPI_Iprobe(left, tag, ring->comm, &flag, &status);
      MPI_Recv(in, BIG, MPI_INT, left, tag, ring->comm, &status);
      MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
      break;
    default:
      MPI_Irecv(in, BIG, MPI_INT, MPI_ANY_SOURCE, tag, ring->comm, &requests[0]);
      MPI_Isend(out, 3, MPI_INT, right, 11 - ring->thread, ring->comm, &requests[1]);
      MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  }
}

static void* tags(void* argument) {
  const Ring* ring = argument;
  int *out = calloc(BIG, sizeof *out), *in = calloc(BIG, sizeof *in), last = 0;
  for (int round = 1; last == 0 || round <= last; ++round) {
    // All whom its messages come by hear of it in time. With an even number of ranks there are two such circles.
    if (last == 0 && rank == 0 && (ring->thread == 0 || size % 2 == 0) && stopping) last = round + 4 * size + 4;
    out[0] = round;
    out[1] = last;
    out[2] = rank * 2 + ring->thread;
    pass_on(out, in, ring, round);
    expect(in[0] == round && in[2] == ((rank + size - 1) % size) * 2 + 1 - ring->thread, "the ring");
    if (in[1] != 0) last = in[1];
    ++done[2];
  }
  free(out);
  free(in);
  return NULL;
}

// ---- m
typedef struct {
  MPI_Comm comm;
  atomic_long taken, sum;
  long sent, sent_sum;
} Matching;

static void* give(void* argument) {
  Matching* m = argument;
  long value = 0;
  while (!stopping) {
    value = ++m->sent;
    m->sent_sum += value;
    if (value % 8 == 0)
      MPI_Ssend(&value, 1, MPI_LONG, (rank + 1) % size, MATCHED_TAG, m->comm);
    else
      MPI_Send(&value, 1, MPI_LONG, (rank + 1) % size, MATCHED_TAG, m->comm);
    ++done[3];
  }
  value = 0;
  for (int i = 0; i < 2; ++i) MPI_Send(&value, 1, MPI_LONG, (rank + 1) % size, MATCHED_TAG, m->comm);
  return NULL;
}

static void* take(void* argument) {
  Matching* m = argument;
  long value = 1, before = 0;
  for (int i = 0; value != 0; ++i) {
    MPI_Message message;
    MPI_Request request;
    MPI_Mprobe(MPI_ANY_SOURCE, MATCHED_TAG, m->comm, &message, MPI_STATUS_IGNORE);
    if (i % 2 == 0) {
      MPI_Mrecv(&value, 1, MPI_LONG, &message, MPI_STATUS_IGNORE);
    } else {
      MPI_Imrecv(&value, 1, MPI_LONG, &message, &request);
      MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
    expect(value == 0 || value > before, "messages have overtaken each other");
    before = value;
    m->taken += value != 0;
    m->sum += value;
  }
  return NULL;
}

static void check_matching(Matching* m) {
  const long out[2] = {m->sent, m->sent_sum};
  long in[2];
  MPI_Sendrecv(out, 2, MPI_LONG, (rank + 1) % size, 1, in, 2, MPI_LONG, (rank + size - 1) % size, 1, m->comm,
               MPI_STATUS_IGNORE);
  expect(in[0] == m->taken && in[1] == m->sum, "a matched message is lost or came twice");
}

// ---- g: the children of all ranks pass a message around, each pair on its own tag; the first thing that they do with
// MPI.
typedef struct {
  int number, last, tag;
  MPI_Comm comm, self;
} Child;

static void* come_and_go(void* argument) {
  Child* child = argument;
  const int out[3] = {child->number, child->last, rank}, left = (rank + size - 1) % size;
  int in[3], flag = 0;
  MPI_Comm own;
  MPI_Request request;
  MPI_Isend(out, 3, MPI_INT, (rank + 1) % size, child->tag, child->comm, &request);
  if (child->number % 2 == 0) {
    MPI_Comm_dup(child->self, &own);
    while (!flag) MPI_Iprobe(left, child->tag, child->comm, &flag, MPI_STATUS_IGNORE);
    MPI_Comm_free(&own);
  }
  MPI_Recv(in, 3, MPI_INT, left, child->tag, child->comm, MPI_STATUS_IGNORE);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  expect(in[0] == child->number && in[2] == left, "a message between threads that come and go");
  if (in[1] != 0) child->last = in[1];
  return NULL;
}

static void* parent(void* first) {
  Child children[2] = {*(Child*)first, *((Child*)first + 1)};
  int last = 0;
  for (int i = 1; last == 0 || i <= last; ++i) {
    pthread_t threads[2];
    if (last == 0 && rank == 0 && stopping) last = i + 2 * size;
    for (int c = 0; c < 2; ++c) {
      children[c].number = i;
      children[c].last = last;
      pthread_create(&threads[c], NULL, come_and_go, &children[c]);
    }
    for (int c = 0; c < 2; ++c) {
      pthread_join(threads[c], NULL);
      if (children[c].last != 0) last = children[c].last;
    }
    ++done[4];
  }
  return NULL;
}

// ---- p
typedef struct {
  MPI_Comm comm;
  int tag;
} Maker;

static void* make_groups(void* argument) {
  const Maker* maker = argument;
  MPI_Group all;
  MPI_Comm_group(maker->comm, &all);
  for (int i = 0, last = 0; !last; ++i) {
    const int mine[2] = {stopping, i + rank};
    int sum[2];
    MPI_Comm made;
    MPI_Comm_create_group(maker->comm, all, maker->tag, &made);
    MPI_Allreduce(mine, sum, 2, MPI_INT, MPI_SUM, made);
    expect(sum[1] == size * i + size * (size - 1) / 2, "a sum on a communicator of MPI_Comm_create_group");
    last = sum[0] != 0;
    MPI_Comm_free(&made);
    ++done[5];
  }
  MPI_Group_free(&all);
  return NULL;
}

// ---- l: the operation begins the thread, so that it comes before the reduction ends: in a request, it finds the gate
// closed.
static pthread_t late_thread;
static int late_number;
static MPI_Comm late_comm;

static void* come_late(void* unused) {
  const int out = late_number;
  int in = -1;
  MPI_Request requests[2];
  (void)unused;
  MPI_Irecv(&in, 1, MPI_INT, 1 - rank, 70, late_comm, &requests[0]);
  MPI_Isend(&out, 1, MPI_INT, 1 - rank, 70, late_comm, &requests[1]);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  expect(in == out, "a message between late threads");
  ++done[6];
  return NULL;
}

static void slow_sum(void* in, void* inout, int* n, MPI_Datatype* type) {
  (void)type;
  a_moment(60000000);
  pthread_create(&late_thread, NULL, come_late, NULL);
  a_moment(60000000);
  for (int i = 0; i < *n; ++i) ((int*)inout)[i] += ((int*)in)[i];
}

static void reduce_slowly(MPI_Op op) {
  int sum = 0;
  ++late_number;
  MPI_Allreduce(&late_number, &sum, 1, MPI_INT, op, MPI_COMM_WORLD);
  expect(sum == 2 * late_number, "the slow reduction");
  pthread_join(late_thread, NULL);
}

// ----
static pthread_t threads[MOST_THREADS];
static int running;

static void begin(void* (*function)(void*), void* argument) {
  pthread_create(&threads[running++], NULL, function, argument);
}

static Matching* matching[4];
static int kinds_of_matching;
static MPI_Op slow = MPI_OP_NULL;

static void begin_kind(char kind) {
  Child* children = NULL;
  MPI_Comm* comm = malloc(sizeof *comm);
  MPI_Comm_dup(MPI_COMM_WORLD, comm);
  if (kind == 'x') begin(compute, NULL), begin(compute, NULL);
  if (kind == 'c') begin(collectives, comm);
  if (kind == 'l') late_comm = *comm, MPI_Op_create(slow_sum, 1, &slow);
  for (int c = 0; kind == 'g' && c < 2; ++c) {
    if (c == 0) children = calloc(2, sizeof *children);
    children[c] = (Child){.tag = 60 + c, .comm = *comm};
    MPI_Comm_dup(MPI_COMM_SELF, &children[c].self);
    if (c == 1) begin(parent, children);
  }
  for (int t = 0; kind == 'p' && t < 2; ++t) {
    Maker* maker = malloc(sizeof *maker);
    *maker = (Maker){*comm, 90 + t};
    begin(make_groups, maker);
  }
  for (int t = 0; kind == 't' && t < 2; ++t) {
    Ring* ring = malloc(sizeof *ring);
    *ring = (Ring){t, *comm};
    begin(tags, ring);
  }
  if (kind == 'm') {
    Matching* m = matching[kinds_of_matching++] = calloc(1, sizeof *m);
    m->comm = *comm;
    begin(give, m), begin(take, m), begin(take, m);
  }
}

int main(int argc, char** argv) {
  int provided, last = 0;
  if (argc < 3) return 2;
  MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 0) printf("level %s\n", provided == MPI_THREAD_MULTIPLE ? "multiple" : "lower"), fflush(stdout);
  for (const char* kind = argv[2]; *kind != 0; ++kind) begin_kind(*kind);
  for (int round = 1; !last; ++round) {
    const int sent = round * size + rank;
    int got = -1;
    MPI_Barrier(MPI_COMM_WORLD);
    if (slow != MPI_OP_NULL) reduce_slowly(slow);
    MPI_Sendrecv(&sent, 1, MPI_INT, (rank + 1) % size, 1, &got, 1, MPI_INT, (rank + size - 1) % size, 1, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    expect(got == round * size + (rank + size - 1) % size, "the main thread's ring");
    if (rank == 0) printf("round %d\n", round), fflush(stdout);
    if (rank == 0) last = access(argv[1], F_OK) == 0 ? 1 : 0;
    MPI_Bcast(&last, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (!last) a_moment(10000000);
  }
  stopping = 1;
  for (int i = 0; i < running; ++i) pthread_join(threads[i], NULL);
  for (int i = 0; i < kinds_of_matching; ++i) check_matching(matching[i]);
  for (const char* kind = argv[2]; *kind != 0; ++kind)
    expect(done[strchr(kKinds, *kind) - kKinds] > 0, "some kind of thread has done nothing");
  last = wrong;
  MPI_Allreduce(MPI_IN_PLACE, &last, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(last == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return last != 0;
}
