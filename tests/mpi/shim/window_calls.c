/* SPDX-License-Identifier: Apache-2.0 */
/* One-sided calls on windows of the program's memory and of the library's: datatypes of all shapes on both sides, all
 * operations, and what is answered to calls that are wrong. */
#include "say.h"

enum { kCells = 64 };

static int rank, size;

static void show(const char *what, const int *cells, int n) {
  char text[400] = "";
  for (int i = 0; i < n; i++) sprintf(text + strlen(text), " %d", cells[i]);
  say("%s:%s", what, text);
}

static MPI_Datatype committed(MPI_Datatype type) {
  MPI_Type_commit(&type);
  return type;
}

/* Four or more integers, in orders and with gaps. */
static int make_types(MPI_Datatype *types) {
  const int lengths[3] = {1, 2, 1}, places[3] = {9, 2, 0}, sizes[2] = {4, 5}, parts[2] = {2, 2}, starts[2] = {1, 2};
  const MPI_Aint bytes[3] = {36, 8, 0};
  const MPI_Datatype ints[3] = {MPI_INT, MPI_INT, MPI_INT};
  MPI_Datatype pair;
  int n = 0;
  MPI_Type_contiguous(4, MPI_INT, &types[n++]);
  MPI_Type_vector(2, 2, 5, MPI_INT, &types[n++]);
  MPI_Type_indexed(3, lengths, places, MPI_INT, &types[n++]);
  MPI_Type_create_struct(3, lengths, bytes, ints, &types[n++]);
  MPI_Type_create_subarray(2, sizes, parts, starts, MPI_ORDER_FORTRAN, MPI_INT, &types[n++]);
  MPI_Type_contiguous(2, MPI_INT, &pair);
  MPI_Type_create_resized(pair, -4, 16, &types[n]);
  MPI_Type_contiguous(2, types[n], &types[n + 1]);
  MPI_Type_free(&types[n]);
  types[n] = types[n + 1];
  n++;
  MPI_Type_free(&pair);
  for (int i = 0; i < n; i++) types[i] = committed(types[i]);
  return n;
}

static void move(MPI_Win win, int *memory) {
  MPI_Datatype types[16];
  const int n = make_types(types), right = (rank + 1) % size;
  for (int origin = 0; origin < n; origin++)
    for (int target = 0; target < n; target++) {
      int from[kCells], back[kCells] = {0};
      for (int i = 0; i < kCells; i++) from[i] = 100 * rank + i, memory[i] = -1;
      MPI_Win_fence(0, win);
      MPI_Put(from + 1, 2, types[origin], right, 1, 2, types[target], win);
      MPI_Win_fence(0, win);
      show("put", memory, kCells);
      MPI_Get(back + 1, 2, types[target], right, 1, 2, types[origin], win);
      MPI_Win_fence(0, win);
      show("got", back, kCells);
    }
  MPI_Datatype same;
  const int value = 1000 + rank;
  MPI_Type_vector(4, 1, 0, MPI_INT, &same);
  MPI_Type_commit(&same);
  MPI_Win_fence(0, win);
  MPI_Put(&value, 1, same, right, 0, 1, types[2], win);
  MPI_Win_fence(0, win);
  show("one value", memory, 12);
  MPI_Type_free(&same);
  for (int i = 0; i < n; i++) MPI_Type_free(&types[i]);
}

static void accumulate(MPI_Win win, int *memory) {
  const MPI_Op ops[] = {MPI_SUM, MPI_PROD, MPI_MAX, MPI_MIN, MPI_BAND, MPI_BOR, MPI_BXOR, MPI_LAND, MPI_LOR};
  MPI_Datatype types[16];
  const int n = make_types(types);
  int mine[kCells];
  for (int i = 0; i < kCells; i++) mine[i] = 2 + rank + i % 5;
  for (unsigned op = 0; op < sizeof ops / sizeof ops[0]; op++) {
    for (int i = 0; i < kCells; i++) memory[i] = 3 + i % 7;
    MPI_Win_fence(0, win);
    MPI_Accumulate(mine, 4, MPI_INT, 0, 3, 4, MPI_INT, ops[op], win);
    MPI_Accumulate(mine, 1, types[op % n], 1, 3, 1, types[(op + 1) % n], ops[op], win);
    MPI_Win_fence(0, win);
    show("accumulated", memory, 20);
  }
  int before[4] = {0};
  MPI_Win_fence(0, win);
  if (rank == 0) MPI_Get_accumulate(mine, 4, MPI_INT, before, 4, MPI_INT, 1, 2, 4, MPI_INT, MPI_REPLACE, win);
  MPI_Win_fence(0, win);
  show("replaced", before, 4);
  show("by", memory, 8);
  if (rank == 0) MPI_Get_accumulate(NULL, 0, MPI_INT, before, 4, MPI_INT, 1, 2, 4, MPI_INT, MPI_NO_OP, win);
  MPI_Win_fence(0, win);
  show("read", before, 4);
  for (int i = 0; i < n; i++) MPI_Type_free(&types[i]);
}

struct place {
  double value;
  int at;
};

static void elements(MPI_Win win, char *memory) {
  struct place *const best = (struct place *)memory;
  struct place mine[2] = {{rank * 0.5, rank}, {-rank * 0.5, 10 + rank}};
  int old = -1, two = 2, zero = 0;
  memset(memory, 0, kCells * sizeof(int));
  MPI_Win_fence(0, win);
  MPI_Accumulate(mine, 2, MPI_DOUBLE_INT, 0, 0, 2, MPI_DOUBLE_INT, MPI_MAXLOC, win);
  MPI_Win_fence(0, win);
  say("largest %g of %d, %g of %d", best[0].value, best[0].at, best[1].value, best[1].at);
  MPI_Win_fence(0, win);
  memset(memory, 0, kCells * sizeof(int));
  MPI_Win_fence(0, win);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, win);
  MPI_Fetch_and_op(&two, &old, MPI_INT, 1, 8, MPI_SUM, win);
  MPI_Win_unlock(1, win);
  say("in steps of two %d", old % 2 == 0 && old < 2 * size);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_SHARED, 1, 0, win);
  MPI_Compare_and_swap(&rank, &zero, &old, MPI_INT, 1, 9, win);
  MPI_Win_flush(1, win);
  say("swapped or not %d", old >= 0 && old < size);
  MPI_Fetch_and_op(NULL, &old, MPI_INT, 1, 8, MPI_NO_OP, win);
  MPI_Win_unlock(1, win);
  say("all %d", old);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void wrong(MPI_Win win) {
  int x = 1, flag;
  MPI_Group group;
  MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN);
  SAY(MPI_Win_fence(MPI_MODE_NOSUCCEED, win));
  SAY(MPI_Put(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, win));
  SAY(MPI_Win_lock(7, 0, 0, win));
  SAY(MPI_Win_lock(MPI_LOCK_SHARED, 9, 0, win));
  SAY(MPI_Win_lock(MPI_LOCK_SHARED, MPI_PROC_NULL, 0, win));
  SAY(MPI_Win_lock(MPI_LOCK_SHARED, 0, 1 << 20, win));
  SAY(MPI_Win_lock_all(1 << 20, win));
  SAY(MPI_Win_fence(1 << 20, win));
  SAY(MPI_Win_unlock(0, win));
  SAY(MPI_Win_unlock_all(win));
  SAY(MPI_Win_wait(win));
  SAY(MPI_Win_test(win, &flag));
  SAY(MPI_Win_flush(0, win));
  SAY(MPI_Win_flush_all(win));
  SAY(MPI_Win_flush_local(0, win));
  SAY(MPI_Win_flush_local_all(win));
  SAY(MPI_Win_sync(win));
  SAY(MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, win));
  SAY(MPI_Put(&x, 1, MPI_INT, 9, 0, 1, MPI_INT, win));
  SAY(MPI_Put(&x, 1, MPI_INT, -1, 0, 1, MPI_INT, win));
  SAY(MPI_Put(&x, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, win));
  SAY(MPI_Put(&x, -1, MPI_INT, 0, 0, 1, MPI_INT, win));
  SAY(MPI_Put(&x, 1, MPI_INT, 0, 0, -1, MPI_INT, win));
  SAY(MPI_Put(&x, 1, MPI_DATATYPE_NULL, 0, 0, 1, MPI_INT, win));
  SAY(MPI_Get(&x, 1, MPI_INT, 0, -1, 1, MPI_INT, win));
  SAY(MPI_Get(NULL, 0, MPI_INT, 0, 0, 0, MPI_INT, win));
  SAY(MPI_Accumulate(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_OP_NULL, win));
  SAY(MPI_Accumulate(&x, 1, MPI_INT, 9, 0, 1, MPI_INT, MPI_SUM, win));
  SAY(MPI_Win_unlock(0, win));
  SAY(MPI_Win_post(MPI_GROUP_EMPTY, 0, win));
  SAY(MPI_Win_start(MPI_GROUP_EMPTY, 0, win));
  SAY(MPI_Win_complete(win));
  SAY(MPI_Win_wait(win));
  SAY(MPI_Win_get_group(win, &group));
  SAY(MPI_Group_size(group, &x));
  say("size %d", x);
  MPI_Group_free(&group);
}

static void use(MPI_Win win, int *memory) {
  move(win, memory);
  accumulate(win, memory);
  elements(win, (char *)memory);
  wrong(win);
  MPI_Win_free(&win);
}

int main(int argc, char **argv) {
  static int own[kCells];
  int *memory;
  MPI_Win win;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  say_rank = rank;
  MPI_Win_create(own, sizeof own, sizeof *own, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  use(win, own);
  MPI_Win_allocate(sizeof own, sizeof *memory, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  use(win, memory);
  MPI_Finalize();
  return 0;
}
