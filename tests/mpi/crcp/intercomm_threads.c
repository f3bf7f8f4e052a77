// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: intercomm_threads FILE. Each rank has threads that make intercommunicators at the same time,
// each between the same two groups: between the halves of one split, between communicators that each group made for
// itself in an order of its own, and with the leaders of one communicator or of another. They use and free them; each
// lives for a turn. Until FILE exists the main thread goes through a barrier and prints "round N" when all threads have
// made another one. Prints PASS.
#include <mpi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 4 };

static int rank, size, side;
static atomic_int stopping, wrong;

typedef struct {
  int number;
  MPI_Comm all, half, peer;
  pthread_t thread;
  atomic_long made;
} Maker;

static void expect(int right, const char* what) {
  if (right) return;
  if (atomic_fetch_add(&wrong, 1) == 0) printf("FAIL %s (rank %d)\n", what, rank), fflush(stdout);
}

static void use(MPI_Comm inter, int turn) {
  const int mine = turn * 1000 + rank, first = side == 0 ? size / 2 : 0, end = side == 0 ? size : size / 2;
  int theirs = -1, expected = 0;
  for (int i = first; i < end; ++i) expected += turn * 1000 + i;
  MPI_Allreduce(&mine, &theirs, 1, MPI_INT, MPI_SUM, inter);
  expect(theirs == expected, "a sum over the other group");
}

static MPI_Comm make(const Maker* m) {
  MPI_Comm made;
  MPI_Intercomm_create(m->half, 0, m->peer, side == 0 ? size / 2 : 0, m->number, &made);
  return made;
}

static void merge(MPI_Comm inter) {
  MPI_Comm both;
  int there;
  MPI_Intercomm_merge(inter, side, &both);
  MPI_Comm_size(both, &there);
  expect(there == size, "MPI_Intercomm_merge");
  MPI_Comm_free(&both);
}

static void* make_them(void* maker) {
  Maker* m = maker;
  MPI_Comm before = make(m);
  for (int turn = 1, last = 0; !last; ++turn) {
    const int mine = stopping;
    MPI_Comm now = make(m);
    use(before, turn);
    MPI_Comm_free(&before);
    use(now, turn);
    if (turn % 4 == m->number % 4) merge(now);
    before = now;
    MPI_Allreduce(&mine, &last, 1, MPI_INT, MPI_MAX, m->all);
    ++m->made;
  }
  MPI_Comm_free(&before);
  return NULL;
}

static MPI_Comm half_by_group(int tag) {
  const int range[3] = {side == 0 ? 0 : size / 2, side == 0 ? size / 2 - 1 : size - 1, 1};
  int ranges[1][3];
  MPI_Group everybody, half;
  MPI_Comm made;
  memcpy(ranges[0], range, sizeof range);
  MPI_Comm_group(MPI_COMM_WORLD, &everybody);
  MPI_Group_range_incl(everybody, 1, ranges, &half);
  MPI_Comm_create_group(MPI_COMM_WORLD, half, tag, &made);
  MPI_Group_free(&half);
  MPI_Group_free(&everybody);
  return made;
}

static void prepare(Maker* makers) {
  for (int i = 0; i < kThreads; ++i) {
    makers[i].number = i;
    MPI_Comm_dup(MPI_COMM_WORLD, &makers[i].all);
    makers[i].peer = i % 2 == 0 ? makers[i].all : MPI_COMM_WORLD;
  }
  for (int i = 0; i < kThreads / 2; ++i) MPI_Comm_split(MPI_COMM_WORLD, side, rank, &makers[i].half);
  for (int i = kThreads / 2; i < kThreads; ++i) {
    Maker* m = &makers[side == 0 ? i : kThreads - 1 - (i - kThreads / 2)];
    m->half = half_by_group(m->number);
  }
}

static void rounds(Maker* makers, const char* file) {
  const struct timespec pause = {0, 1000000};
  long seen[kThreads] = {0};
  int last = 0;
  for (int round = 1; !last; ++round) {
    for (int i = 0; i < kThreads; ++i) {
      while (makers[i].made == seen[i]) nanosleep(&pause, NULL);
      seen[i] = makers[i].made;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
      printf("round %d\n", round), fflush(stdout);
      last = access(file, F_OK) == 0;
    }
    MPI_Bcast(&last, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  stopping = 1;
}

int main(int argc, char** argv) {
  static Maker makers[kThreads];
  int level, all_wrong, mine;
  if (argc != 2) return 2;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 0) puts(level == MPI_THREAD_MULTIPLE ? "level multiple" : "level less"), fflush(stdout);
  side = rank >= size / 2;
  prepare(makers);
  for (int i = 0; i < kThreads; ++i) pthread_create(&makers[i].thread, NULL, make_them, &makers[i]);
  rounds(makers, argv[1]);
  for (int i = 0; i < kThreads; ++i) pthread_join(makers[i].thread, NULL);
  mine = wrong;
  MPI_Allreduce(&mine, &all_wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(all_wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return all_wrong != 0;
}
