/* SPDX-License-Identifier: Apache-2.0 */
/* windows FILE: operations on windows whose epochs are begun in the first half, with the rest of the epoch in the
 * second: those with a request, and the calls that complete them here only. Windows of every kind are asked what they
 * are. */
#include "halves.h"

enum { kCells = 16 };

static MPI_Win made, allocated, dynamic;
static int made_memory[kCells], *allocated_memory, dynamic_memory[kCells];
static MPI_Aint far_away;

static void make(void) {
  OK(MPI_Win_create(made_memory, sizeof made_memory, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &made));
  OK(MPI_Win_allocate(kCells * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &allocated_memory, &allocated));
  OK(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &dynamic));
  OK(MPI_Win_attach(dynamic, dynamic_memory, sizeof dynamic_memory));
  OK(MPI_Win_set_name(made, "made"));
  MPI_Aint here;
  OK(MPI_Get_address(dynamic_memory, &here));
  OK(MPI_Sendrecv(&here, 1, MPI_AINT, left, 1, &far_away, 1, MPI_AINT, right, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
  memset(allocated_memory, 0, kCells * sizeof(int));
  OK(MPI_Barrier(MPI_COMM_WORLD));
}

static void ask(void) {
  char name[MPI_MAX_OBJECT_NAME];
  int length, same;
  MPI_Group group, world;
  MPI_Info info;
  OK(MPI_Win_get_name(made, name, &length));
  CHECK(strcmp(name, "made") == 0);
  OK(MPI_Comm_group(MPI_COMM_WORLD, &world));
  OK(MPI_Win_get_group(allocated, &group));
  OK(MPI_Group_compare(group, world, &same));
  CHECK(same == MPI_IDENT);
  OK(MPI_Group_free(&group));
  OK(MPI_Group_free(&world));
  OK(MPI_Win_get_info(made, &info));
  OK(MPI_Win_set_info(made, info));
  OK(MPI_Info_free(&info));
}

/* Each adds to the memory of its right neighbour, one sum a half. */
static void add(int half) {
  int one = half, before = -1, again = -1, value = 100 * half + rank, read = -1;
  MPI_Request requests[4];
  OK(MPI_Raccumulate(&one, 1, MPI_INT, right, 0, 1, MPI_INT, MPI_SUM, made, &requests[0]));
  OK(MPI_Wait(&requests[0], MPI_STATUS_IGNORE));
  OK(MPI_Win_flush_local(right, made));
  OK(MPI_Rget_accumulate(&one, 1, MPI_INT, &before, 1, MPI_INT, right, 1, 1, MPI_INT, MPI_SUM, made, &requests[1]));
  OK(MPI_Wait(&requests[1], MPI_STATUS_IGNORE));
  CHECK(before == (half == 1 ? 0 : 1));
  OK(MPI_Rput(&value, 1, MPI_INT, right, 2, 1, MPI_INT, allocated, &requests[2]));
  OK(MPI_Wait(&requests[2], MPI_STATUS_IGNORE));
  OK(MPI_Win_flush(right, allocated));
  OK(MPI_Rget(&again, 1, MPI_INT, right, 2, 1, MPI_INT, allocated, &requests[3]));
  OK(MPI_Wait(&requests[3], MPI_STATUS_IGNORE));
  CHECK(again == value);
  OK(MPI_Put(&value, 1, MPI_INT, right, far_away + (MPI_Aint)sizeof(int) * half, 1, MPI_INT, dynamic));
  OK(MPI_Win_flush_local_all(dynamic));
  OK(MPI_Win_flush_all(dynamic));
  OK(MPI_Get(&read, 1, MPI_INT, right, far_away + (MPI_Aint)sizeof(int) * half, 1, MPI_INT, dynamic));
  OK(MPI_Win_flush_local(right, dynamic));
  CHECK(read == value);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  make();
  ask();
  OK(MPI_Win_lock_all(0, made));
  OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, right, 0, allocated));
  OK(MPI_Win_lock_all(MPI_MODE_NOCHECK, dynamic));
  add(1);

  halves_between(argv[1]);

  ask();
  add(2);
  OK(MPI_Win_unlock_all(dynamic));
  OK(MPI_Win_unlock(right, allocated));
  OK(MPI_Win_unlock_all(made));
  OK(MPI_Barrier(MPI_COMM_WORLD));
  CHECK(made_memory[0] == 3 && made_memory[1] == 3 && allocated_memory[2] == 200 + left);
  CHECK(dynamic_memory[1] == 100 + left && dynamic_memory[2] == 200 + left);
  OK(MPI_Win_detach(dynamic, dynamic_memory));
  OK(MPI_Win_free(&dynamic));
  OK(MPI_Win_free(&allocated));
  OK(MPI_Win_free(&made));
  halves_end();
  return 0;
}
