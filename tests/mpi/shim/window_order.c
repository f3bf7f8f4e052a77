/* SPDX-License-Identifier: Apache-2.0 */
/* window_order ROUNDS [FILE [SEED]]: accumulates of one origin in the same place happen in the order of their calls,
 * whatever they are: short and long, with and without a result, by request, of all operations, at oneself and at
 * others; and flushing one target locally waits for no operations on others for ever. Each origin has a part of its own
 * in each target's memory, so that it knows what every call must give back. ROUNDS, or until FILE exists. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kSpan = 3000, kCalls = 12, kMostRanks = 8, kCellsOfCalls = 4 * kSpan };

typedef int64_t Cell;

static int rank, size, round_number;
static Cell *memory, model[kMostRanks][kSpan];
static Cell origins[kMostRanks][kCellsOfCalls], results[kMostRanks][kCellsOfCalls], wanted[kMostRanks][kCellsOfCalls];
static Cell compared[kMostRanks][kCalls];
static int used[kMostRanks];
static char told[kMostRanks][1 << 12];
static MPI_Win win;
static uint64_t state;

static unsigned below(unsigned n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % n;
}

static void wrong(int target, const char *what, int at, Cell got, Cell want) {
  printf("FAIL: rank %d, round %d, target %d: %s %d is %lld, not %lld\n%s", rank, round_number, target, what, at,
         (long long)got, (long long)want, told[target]);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static Cell combined(MPI_Op op, Cell a, Cell b) {
  if (op == MPI_SUM) return a + b;
  if (op == MPI_BXOR) return a ^ b;
  if (op == MPI_MAX) return a > b ? a : b;
  return op == MPI_NO_OP ? a : b;
}

static const char *name_of(MPI_Op op) {
  if (op == MPI_SUM) return "sum";
  if (op == MPI_BXOR) return "xor";
  if (op == MPI_MAX) return "max";
  return op == MPI_NO_OP ? "none" : "replace";
}

static int draw_count(void) {
  const unsigned dice = below(10);
  return dice < 4 ? 1 : dice < 7 ? 2 + (int)below(40) : dice < 9 ? 600 + (int)below(300) : 1500 + (int)below(1500);
}

/* One call, and what it must do. */
static void call(int target, MPI_Op ops, int number) {
  enum { kAccumulate, kFetching, kOne, kSwap, kKinds };
  static const char *const names[] = {"accumulate", "get_accumulate", "fetch_and_op", "compare_and_swap"};
  const MPI_Op all[] = {MPI_SUM, MPI_BXOR, MPI_MAX, MPI_REPLACE, MPI_NO_OP};
  int kind = below(kKinds), count = kind >= kOne ? 1 : draw_count();
  MPI_Op op = ops != MPI_OP_NULL ? ops : all[below(kind == kAccumulate ? 4 : 5)];
  if (ops != MPI_OP_NULL) kind = kAccumulate;
  if (used[target] + count > kCellsOfCalls) return;
  const int first = below(3) != 0 ? (int)below(4) : (int)below((unsigned)(kSpan - count + 1));
  const int at = first + count > kSpan ? 0 : first;
  Cell *const from = origins[target] + used[target], *const to = results[target] + used[target];
  Cell *const want = wanted[target] + used[target], *const part = model[target] + at;
  used[target] += count;
  const size_t length = strlen(told[target]);
  snprintf(told[target] + length, sizeof told[target] - length, "  %s of %d at %d, %s\n", names[kind], count, at,
           name_of(op));
  for (int i = 0; i < count; i++) from[i] = (Cell)below(1u << 30) - (1 << 29), to[i] = want[i] = -1;
  if (kind != kAccumulate) memcpy(want, part, sizeof *want * (size_t)count);
  compared[target][number] = part[0] + (Cell)below(2);
  if (kind == kSwap && compared[target][number] == part[0]) part[0] = from[0];
  for (int i = 0; i < count && kind != kSwap; i++) part[i] = combined(op, part[i], from[i]);
  const MPI_Aint there = (MPI_Aint)rank * kSpan + at;
  MPI_Request request = MPI_REQUEST_NULL;
  const int by_request = below(4) == 0;
  if (kind == kSwap)
    MPI_Compare_and_swap(from, &compared[target][number], to, MPI_INT64_T, target, there, win);
  else if (kind == kOne)
    MPI_Fetch_and_op(from, to, MPI_INT64_T, target, there, op, win);
  else if (kind == kFetching && by_request)
    MPI_Rget_accumulate(from, count, MPI_INT64_T, to, count, MPI_INT64_T, target, there, count, MPI_INT64_T, op, win,
                        &request);
  else if (kind == kFetching)
    MPI_Get_accumulate(from, count, MPI_INT64_T, to, count, MPI_INT64_T, target, there, count, MPI_INT64_T, op, win);
  else if (by_request)
    MPI_Raccumulate(from, count, MPI_INT64_T, target, there, count, MPI_INT64_T, op, win, &request);
  else
    MPI_Accumulate(from, count, MPI_INT64_T, target, there, count, MPI_INT64_T, op, win);
  if (request != MPI_REQUEST_NULL) MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void check(int target) {
  for (int i = 0; i < used[target]; i++)
    if (results[target][i] != wanted[target][i]) wrong(target, "result", i, results[target][i], wanted[target][i]);
  Cell *const back = results[target];
  memset(back, 0, sizeof(Cell) * kSpan);
  MPI_Get(back, kSpan, MPI_INT64_T, target, (MPI_Aint)rank * kSpan, kSpan, MPI_INT64_T, win);
  MPI_Win_flush(target, win);
  for (int i = 0; i < kSpan; i++)
    if (back[i] != model[target][i]) wrong(target, "cell", i, back[i], model[target][i]);
  used[target] = 0;
  told[target][0] = '\0';
}

static void play(void) {
  const int everywhere = below(2), alike = below(4) == 0, only = (int)below((unsigned)size);
  for (int number = 0; number < kCalls; number++) {
    for (int target = 0; target < size; target++)
      if (everywhere || target == only) call(target, alike ? MPI_SUM : MPI_OP_NULL, number);
    if (below(10) == 0) MPI_Win_flush_local((int)below((unsigned)size), win);
  }
  if (below(2) != 0)
    MPI_Win_flush_all(win);
  else
    for (int target = 0; target < size; target++) MPI_Win_flush(target, win);
  for (int target = 0; target < size; target++) check(target);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const int rounds = argc > 1 ? atoi(argv[1]) : 100;
  state = (uint64_t)rank * 77 + (argc > 3 ? (uint64_t)atoi(argv[3]) : 1);
  MPI_Alloc_mem((MPI_Aint)sizeof(Cell) * kSpan * size, MPI_INFO_NULL, &memory);
  memset(memory, 0, sizeof(Cell) * kSpan * (size_t)size);
  MPI_Win_create(memory, (MPI_Aint)sizeof(Cell) * kSpan * size, sizeof(Cell), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  MPI_Win_lock_all(0, win);
  for (int done = 0; !done;) {
    round_number++;
    play();
    if (round_number % 10 != 0) continue;
    done = argc > 2 ? access(argv[2], F_OK) == 0 : round_number >= rounds;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("round %d\n", round_number), fflush(stdout);
  }
  MPI_Win_unlock_all(win);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_free(&win);
  MPI_Free_mem(memory);
  if (rank == 0) printf("PASS\n");
  MPI_Finalize();
  return 0;
}
