/* SPDX-License-Identifier: Apache-2.0 */
/* window_rounds FILE: long puts and gets, requests, posts and completions, locks in turns, windows that are made and
 * freed: there is always something under way. Every round is checked. Ends when FILE exists. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kMany = 1 << 17, kCells = 64, kCounted = 3, kFetched = 4, kAdded = 5, kSwapped = 9 };

static int rank, size, left, right, round_number = 1;
static int memory[kMany], from[kMany], back[kMany];
static long *cells, turns;
static MPI_Win wide, small, dynamic;
static MPI_Datatype every_second;

#define CHECK(condition)                                                                                           \
  do {                                                                                                             \
    if (!(condition)) {                                                                                            \
      printf("FAIL: rank %d, round %d: %s (line %d)\n", rank, round_number, #condition, __LINE__), fflush(stdout); \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                                                \
    }                                                                                                              \
  } while (0)

static int value_of(int of, int i) { return round_number * 1000 + of * 7 + i % 91; }

static void put_between_fences(void) {
  for (int i = 0; i < kMany; i++) from[i] = value_of(rank, i);
  MPI_Win_fence(0, wide);
  for (int i = 0; i < 2; i++) MPI_Put(from, kMany / 2, MPI_INT, right, i, 1, every_second, wide);
  MPI_Win_fence(0, wide);
  for (int i = 0; i < kMany; i++) CHECK(memory[i] == value_of(left, i / 2));
  MPI_Win_fence(MPI_MODE_NOSUCCEED, wide);
}

static void wait_for_requests(void) {
  MPI_Request requests[2];
  MPI_Win_lock(MPI_LOCK_SHARED, right, 0, wide);
  MPI_Rget(back, kMany, MPI_INT, right, 0, kMany, MPI_INT, wide, &requests[0]);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  for (int i = 0; i < kMany; i++) CHECK(back[i] == value_of(rank, i / 2));
  MPI_Win_unlock(right, wide);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, right, 0, wide);
  MPI_Rput(from, kMany, MPI_INT, right, 0, kMany, MPI_INT, wide, &requests[0]);
  MPI_Raccumulate(from, 1, MPI_INT, right, kMany - 1, 1, MPI_INT, MPI_MIN, wide, &requests[1]);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  MPI_Win_unlock(right, wide);
  MPI_Barrier(MPI_COMM_WORLD);
}

/* Reads, adds and writes in three steps: right only if nobody else has the lock. */
static void take_turns(void) {
  const long one = 1;
  long value;
  for (int i = 0; i < 5; i++, turns++) {
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, small);
    MPI_Get(&value, 1, MPI_LONG, 0, kCounted, 1, MPI_LONG, small);
    MPI_Win_flush(0, small);
    value++;
    MPI_Put(&value, 1, MPI_LONG, 0, kCounted, 1, MPI_LONG, small);
    MPI_Win_unlock(0, small);
    MPI_Win_lock(MPI_LOCK_SHARED, i % size, 0, small);
    MPI_Fetch_and_op(&one, &value, MPI_LONG, i % size, kFetched, MPI_SUM, small);
    MPI_Win_unlock(i % size, small);
    MPI_Win_lock_all(0, small);
    for (int r = 0; r < size; r++) MPI_Accumulate(&one, 1, MPI_LONG, r, kAdded, 1, MPI_LONG, MPI_SUM, small);
    MPI_Compare_and_swap(&turns, &turns, &value, MPI_LONG, rank, kSwapped, small);
    MPI_Win_unlock_all(small);
  }
}

static MPI_Group group_of(int of) {
  MPI_Group world, one;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, 1, &of, &one);
  MPI_Group_free(&world);
  return one;
}

static void post_and_complete(void) {
  MPI_Group origin = group_of(left), target = group_of(right);
  MPI_Win_post(origin, 0, wide);
  MPI_Win_start(target, 0, wide);
  MPI_Put(from + 1, kMany - 1, MPI_INT, right, 0, kMany - 1, MPI_INT, wide);
  MPI_Win_complete(wide);
  MPI_Win_wait(wide);
  for (int i = 0; i < kMany - 1; i++) CHECK(memory[i] == value_of(left, i + 1));
  MPI_Group_free(&origin);
  MPI_Group_free(&target);
}

static void attach_for_a_while(void) {
  enum { kSome = 100 };
  MPI_Aint mine, theirs;
  MPI_Win_attach(dynamic, back, kSome * sizeof *back);
  MPI_Get_address(back, &mine);
  MPI_Sendrecv(&mine, 1, MPI_AINT, left, 0, &theirs, 1, MPI_AINT, right, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Win_fence(0, dynamic);
  MPI_Put(from, kSome, MPI_INT, right, theirs, kSome, MPI_INT, dynamic);
  MPI_Win_fence(MPI_MODE_NOSUCCEED, dynamic);
  for (int i = 0; i < kSome; i++) CHECK(back[i] == value_of(left, i));
  MPI_Win_detach(dynamic, back);
}

static void make_and_free(void) {
  MPI_Win other;
  MPI_Win_create(memory, sizeof memory, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &other);
  MPI_Win_free(&other);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  left = (rank + size - 1) % size;
  right = (rank + 1) % size;
  MPI_Type_vector(kMany / 2, 1, 2, MPI_INT, &every_second);
  MPI_Type_commit(&every_second);
  MPI_Win_create(memory, sizeof memory, sizeof *memory, MPI_INFO_NULL, MPI_COMM_WORLD, &wide);
  MPI_Win_allocate(kCells * sizeof *cells, sizeof *cells, MPI_INFO_NULL, MPI_COMM_WORLD, &cells, &small);
  for (int i = 0; i < kCells; i++) cells[i] = 0;
  MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &dynamic);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int done = 0; !done; round_number++) {
    long all = 0;
    put_between_fences();
    wait_for_requests();
    take_turns();
    post_and_complete();
    attach_for_a_while();
    make_and_free();
    MPI_Reduce(&turns, &all, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) {
      CHECK(cells[kCounted] == all && cells[kAdded] == all);
      printf("round %d\n", round_number), fflush(stdout);
    }
    done = access(argv[1], F_OK) == 0;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  MPI_Type_free(&every_second);
  MPI_Win_free(&wide);
  MPI_Win_free(&small);
  MPI_Win_free(&dynamic);
  if (rank == 0) printf("PASS\n");
  MPI_Finalize();
  return 0;
}
