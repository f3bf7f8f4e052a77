// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: threads of a rank use the same windows at a time.
//   crcp_window_threads STOP
// Until the file STOP exists, two threads of each rank put, get and add within an epoch of MPI_Win_lock_all, one that
// the main thread has begun, and two lock one rank each, of different ones. The main thread has fences, prints "round
// N", and begins threads that are the first to use a window's epoch, together. All that is read is checked. Prints
// PASS.
#include <mpi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { kEach = 2 };

static int rank, size;
static atomic_int stopping, wrong;
static atomic_long added, counted[kEach];
static MPI_Win all_locked, locked, fenced, common;

static void expect(int right, const char* what) {
  if (!right && atomic_fetch_add(&wrong, 1) == 0) printf("FAIL %s (rank %d)\n", what, rank), fflush(stdout);
}

static MPI_Win window_of(int longs) {
  long* memory;
  MPI_Win made;
  MPI_Win_allocate((MPI_Aint)sizeof(long) * longs, sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &made);
  for (int i = 0; i < longs; ++i) memory[i] = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  return made;
}

// Its place at the next rank is this thread's own; the sum at rank 0 is everybody's.
static void* put_and_add(void* number) {
  const int thread = *(int*)number, place = 1 + rank * kEach + thread, next = (rank + 1) % size;
  long last = -1;
  for (long i = 1; !stopping; ++i) {
    const long one = 1;
    long back = 0, before = -1;
    MPI_Put(&i, 1, MPI_LONG, next, place, 1, MPI_LONG, all_locked);
    MPI_Win_flush(next, all_locked);
    MPI_Get(&back, 1, MPI_LONG, next, place, 1, MPI_LONG, all_locked);
    MPI_Win_flush_local(next, all_locked);
    expect(back == i, "what was put");
    MPI_Fetch_and_op(&one, &before, MPI_LONG, 0, 0, MPI_SUM, all_locked);
    MPI_Win_flush(0, all_locked);
    ++added;
    expect(before > last, "a sum");
    last = before;
  }
  return NULL;
}

// Reads, adds one and writes, while it has the lock.
static void* count(void* number) {
  const int thread = *(int*)number, target = (rank + thread) % size;
  while (!stopping) {
    long value = 0;
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, locked);
    MPI_Get(&value, 1, MPI_LONG, target, thread, 1, MPI_LONG, locked);
    MPI_Win_flush(target, locked);
    ++value;
    MPI_Put(&value, 1, MPI_LONG, target, thread, 1, MPI_LONG, locked);
    MPI_Win_unlock(target, locked);
    ++counted[thread];
  }
  return NULL;
}

static void* use_first(void* number) {
  const long one = 1;
  const int next = (rank + 1) % size;
  MPI_Accumulate(&one, 1, MPI_LONG, next, 0, 1, MPI_LONG, MPI_SUM, common);
  MPI_Win_flush(next, common);
  return number;
}

// If the lock of the epoch was taken twice and given back once, nobody gets the one behind it.
static void use_together(int round) {
  static int numbers[kEach];
  pthread_t users[kEach];
  const int next = (rank + 1) % size;
  long value = 0;
  MPI_Win_lock_all(0, common);
  for (int i = 0; i < kEach; ++i) pthread_create(&users[i], NULL, use_first, &numbers[i]);
  for (int i = 0; i < kEach; ++i) pthread_join(users[i], NULL);
  MPI_Win_unlock_all(common);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, next, 0, common);
  MPI_Get(&value, 1, MPI_LONG, next, 0, 1, MPI_LONG, common);
  MPI_Win_unlock(next, common);
  expect(value == (long)kEach * round, "the sum of those that came together");
}

static void go_round(int round) {
  const long mine = (long)round * size + rank;
  long got = -1;
  MPI_Win_fence(0, fenced);
  MPI_Put(&mine, 1, MPI_LONG, (rank + 1) % size, 0, 1, MPI_LONG, fenced);
  MPI_Win_fence(0, fenced);
  MPI_Get(&got, 1, MPI_LONG, rank, 0, 1, MPI_LONG, fenced);
  MPI_Win_fence(MPI_MODE_NOSUCCEED, fenced);
  expect(got == (long)round * size + (rank + size - 1) % size, "what was put between fences");
  use_together(round);
}

static long read_one(MPI_Win window, int target, int place) {
  long value = -1;
  MPI_Win_lock(MPI_LOCK_SHARED, target, 0, window);
  MPI_Get(&value, 1, MPI_LONG, target, place, 1, MPI_LONG, window);
  MPI_Win_unlock(target, window);
  return value;
}

static void check_sums(void) {
  long mine[1 + kEach] = {added}, total[1 + kEach], found[kEach] = {0};
  for (int i = 0; i < kEach; ++i) mine[1 + i] = counted[i];
  MPI_Allreduce(mine, total, 1 + kEach, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  expect(read_one(all_locked, 0, 0) == total[0] && total[0] > 0, "the sum of all");
  for (int i = 0; i < kEach; ++i)
    for (int r = 0; r < size; ++r) found[i] += read_one(locked, r, i);
  for (int i = 0; i < kEach; ++i) expect(found[i] == total[1 + i] && total[1 + i] > 0, "what was counted under locks");
}

int main(int argc, char** argv) {
  int provided, last = 0, numbers[kEach];
  pthread_t threads[2 * kEach];
  if (argc < 2) return 2;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 0 && provided != MPI_THREAD_MULTIPLE) printf("no threads\n"), fflush(stdout);
  all_locked = window_of(1 + size * kEach);
  locked = window_of(kEach);
  fenced = window_of(1);
  common = window_of(1);
  MPI_Win_lock_all(0, all_locked);
  for (int i = 0; i < kEach; ++i) {
    numbers[i] = i;
    pthread_create(&threads[2 * i], NULL, put_and_add, &numbers[i]);
    pthread_create(&threads[2 * i + 1], NULL, count, &numbers[i]);
  }
  for (int round = 1; !last; ++round) {
    go_round(round);
    if (rank == 0) printf("round %d\n", round), fflush(stdout);
    if (rank == 0) last = access(argv[1], F_OK) == 0;
    MPI_Bcast(&last, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  stopping = 1;
  for (int i = 0; i < 2 * kEach; ++i) pthread_join(threads[i], NULL);
  MPI_Win_unlock_all(all_locked);
  check_sums();
  MPI_Win_free(&common);
  MPI_Win_free(&fenced);
  MPI_Win_free(&locked);
  MPI_Win_free(&all_locked);
  last = wrong;
  MPI_Allreduce(MPI_IN_PLACE, &last, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(last == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return last != 0;
}
