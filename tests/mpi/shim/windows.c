/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of all kinds, each with an epoch begun, while rank 0 waits for FILE and the others wait for rank 0: for a
 * lock, for its completion or for its post. windows FILE lock|wait|complete|all [apart]. Rank 0 prints "round N" while
 * it waits. Then all epochs are gone on with and everything is checked. apart: no memory is shared. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kCells = 64 };

static int rank, size, left, right, key;

#define CHECK(condition)                                                            \
  do {                                                                              \
    if (!(condition)) {                                                             \
      printf("windows: rank %d: %s fails (line %d)\n", rank, #condition, __LINE__); \
      fflush(stdout);                                                               \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                 \
    }                                                                               \
  } while (0)

static MPI_Group group_of(int of) {
  MPI_Group world, one;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, 1, &of, &one);
  MPI_Group_free(&world);
  return one;
}

static MPI_Win allocated(int **memory) {
  MPI_Win win;
  MPI_Win_allocate(kCells * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, memory, &win);
  memset(*memory, 0, kCells * sizeof(int));
  MPI_Barrier(MPI_COMM_WORLD);
  return win;
}

static MPI_Win created(int *memory) {
  MPI_Win win;
  memset(memory, 0, kCells * sizeof(int));
  MPI_Win_create(memory, kCells * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  MPI_Barrier(MPI_COMM_WORLD);
  return win;
}

static void put(int value, int target, int cell, MPI_Win win) {
  MPI_Put(&value, 1, MPI_INT, target, cell, 1, MPI_INT, win);
}

/* A fence has begun an epoch. */
static MPI_Win fenced;
static int fenced_memory[kCells];
static void fenced_before(void) {
  fenced = created(fenced_memory);
  MPI_Win_fence(0, fenced);
  put(100 + rank, right, 0, fenced);
}
static void fenced_after(void) {
  put(200 + rank, right, 1, fenced);
  MPI_Win_fence(0, fenced);
  CHECK(fenced_memory[0] == 100 + left && fenced_memory[1] == 200 + left);
  MPI_Win_fence(MPI_MODE_NOPRECEDE, fenced);
  put(300 + rank, left, 2, fenced);
  MPI_Win_fence(MPI_MODE_NOSUCCEED, fenced);
  CHECK(fenced_memory[2] == 300 + right);
}

/* All are locked, by all. */
static MPI_Win all;
static int *all_memory;
static void all_before(void) {
  const int one = 1;
  all = allocated(&all_memory);
  all_memory[7] = 700 + rank;
  MPI_Win_lock_all(0, all);
  for (int r = 0; r < size; r++) MPI_Accumulate(&one, 1, MPI_INT, r, 0, 1, MPI_INT, MPI_SUM, all);
  MPI_Win_flush_all(all);
}
static void all_after(void) {
  const int one = 1;
  int theirs = 0;
  for (int r = 0; r < size; r++) MPI_Accumulate(&one, 1, MPI_INT, r, 0, 1, MPI_INT, MPI_SUM, all);
  MPI_Get(&theirs, 1, MPI_INT, right, 7, 1, MPI_INT, all);
  MPI_Win_flush(right, all);
  CHECK(theirs == 700 + right);
  MPI_Win_unlock_all(all);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(all_memory[0] == 2 * size && all_memory[7] == 700 + rank);
}

/* Everybody has the lock of its right neighbour for itself. */
static MPI_Win exclusive;
static int exclusive_memory[kCells];
static void exclusive_before(void) {
  exclusive = created(exclusive_memory);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, right, 0, exclusive);
  put(400 + rank, right, 0, exclusive);
}
static void exclusive_after(void) {
  put(500 + rank, right, 1, exclusive);
  MPI_Win_unlock(right, exclusive);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, rank, 0, exclusive);
  CHECK(exclusive_memory[0] == 400 + left && exclusive_memory[1] == 500 + left);
  MPI_Win_unlock(rank, exclusive);
}

/* All share rank 0's; requests are pending. */
static MPI_Win shared;
static int *shared_memory, fetched[2], read_later;
static MPI_Request requests[2];
static void shared_before(void) {
  const int one = 1, mine = 600 + rank;
  shared = allocated(&shared_memory);
  MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, shared);
  MPI_Fetch_and_op(&one, &fetched[0], MPI_INT, 0, 0, MPI_SUM, shared);
  MPI_Rput(&mine, 1, MPI_INT, 0, 1 + rank, 1, MPI_INT, shared, &requests[0]);
  MPI_Win_flush(0, shared);
  MPI_Rget(&read_later, 1, MPI_INT, 0, 1 + rank, 1, MPI_INT, shared, &requests[1]);
}
static void shared_after(void) {
  const int one = 1;
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  CHECK(read_later == 600 + rank);
  MPI_Get_accumulate(&one, 1, MPI_INT, &fetched[1], 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, shared);
  MPI_Win_unlock(0, shared);
  CHECK(fetched[0] >= 0 && fetched[0] < size && fetched[1] >= size && fetched[1] < 2 * size);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    CHECK(shared_memory[0] == 2 * size);
    for (int r = 0; r < size; r++) CHECK(shared_memory[1 + r] == 600 + r);
  }
}

/* Posted and started, with something put already; and posted only. */
static MPI_Win begun, posted;
static int *begun_memory, posted_memory[kCells];
static void posted_before(void) {
  MPI_Group from = group_of(left), to = group_of(right);
  begun = allocated(&begun_memory);
  posted = created(posted_memory);
  MPI_Win_post(from, 0, begun);
  MPI_Win_start(to, 0, begun);
  put(800 + rank, right, 0, begun);
  MPI_Win_post(from, 0, posted);
  MPI_Group_free(&from);
  MPI_Group_free(&to);
}
static void posted_after(void) {
  int done = 0;
  MPI_Group to = group_of(right);
  put(900 + rank, right, 1, begun);
  MPI_Win_complete(begun);
  MPI_Win_wait(begun);
  CHECK(begun_memory[0] == 800 + left && begun_memory[1] == 900 + left);
  MPI_Win_start(to, 0, posted);
  put(1000 + rank, right, 0, posted);
  MPI_Win_complete(posted);
  while (!done) MPI_Win_test(posted, &done);
  CHECK(posted_memory[0] == 1000 + left);
  MPI_Group_free(&to);
}

/* Attached memory, with a datatype that has gaps. */
static MPI_Win dynamic;
static MPI_Datatype every_second;
static int attached[kCells];
static MPI_Aint theirs;
static void put_every_second(int first) {
  int values[4];
  for (int i = 0; i < 4; i++) values[i] = first + i;
  MPI_Put(values, 4, MPI_INT, right, theirs, 1, every_second, dynamic);
}
static void dynamic_before(void) {
  MPI_Aint mine;
  MPI_Type_vector(4, 1, 2, MPI_INT, &every_second);
  MPI_Type_commit(&every_second);
  MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &dynamic);
  MPI_Win_attach(dynamic, attached, sizeof attached);
  MPI_Get_address(attached, &mine);
  MPI_Sendrecv(&mine, 1, MPI_AINT, left, 0, &theirs, 1, MPI_AINT, right, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Win_lock_all(MPI_MODE_NOCHECK, dynamic);
  put_every_second(10);
  MPI_Win_flush(right, dynamic);
}
static void dynamic_after(void) {
  const int expected = 10, swapped = 77;
  int found;
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < 8; i++) CHECK(attached[i] == (i % 2 == 0 ? 10 + i / 2 : 0));
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Compare_and_swap(&swapped, &expected, &found, MPI_INT, right, theirs, dynamic);
  MPI_Win_flush(right, dynamic);
  CHECK(found == 10);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(attached[0] == 77);
  MPI_Win_set_errhandler(dynamic, MPI_ERRORS_RETURN);
  CHECK(MPI_Get(&found, 1, MPI_INT, right, 8, 1, MPI_INT, dynamic) != MPI_SUCCESS);
  MPI_Win_unlock_all(dynamic);
  MPI_Win_detach(dynamic, attached);
}

/* Memory of all: written to directly, and by calls. */
static MPI_Win common;
static int *common_memory, *common_right;
static int *part_of(int of) {
  MPI_Aint bytes;
  int unit, *part;
  CHECK(MPI_Win_shared_query(common, of, &bytes, &unit, &part) == MPI_SUCCESS);
  CHECK(bytes == kCells * (MPI_Aint)sizeof(int) && unit == sizeof(int));
  return part;
}
static void common_before(void) {
  MPI_Win_allocate_shared(kCells * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &common_memory, &common);
  common_right = part_of(right);
  MPI_Win_lock_all(0, common);
  common_right[0] = 60 + rank;
  put(70 + rank, right, 1, common);
  MPI_Win_sync(common);
}
static void common_after(void) {
  const int one = 1;
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(part_of(rank) == common_memory && part_of(right) == common_right);
  CHECK(common_memory[0] == 60 + left && common_memory[1] == 70 + left);
  MPI_Barrier(MPI_COMM_WORLD);
  common_right[2] = 80 + rank;
  for (int r = 0; r < size; r++) MPI_Accumulate(&one, 1, MPI_INT, r, 3, 1, MPI_INT, MPI_SUM, common);
  MPI_Win_set_errhandler(common, MPI_ERRORS_RETURN);
  for (int bit = 0; bit < 3; bit++) /* bytes do not count so far: they would be those of the beginning again */
    CHECK(MPI_Put(&one, 1, MPI_INT, right, (MPI_Aint)1 << (60 + bit), 1, MPI_INT, common) != MPI_SUCCESS);
  MPI_Win_unlock_all(common);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK(common_memory[2] == 80 + left && common_memory[3] == size);
}

/* What a window has beside its memory; windows of one process. */
static MPI_Win alone[3];
static int *alone_memory[3], alone_own[kCells];
static void alone_before(void) {
  MPI_Info info;
  MPI_Info_create(&info);
  MPI_Info_set(info, "accumulate_ordering", "none");
  MPI_Win_create(alone_own, sizeof alone_own, 4, info, MPI_COMM_SELF, &alone[0]);
  MPI_Info_free(&info);
  alone_memory[0] = alone_own;
  MPI_Win_allocate(sizeof alone_own, 4, MPI_INFO_NULL, MPI_COMM_SELF, &alone_memory[1], &alone[1]);
  MPI_Win_allocate_shared(sizeof alone_own, 4, MPI_INFO_NULL, MPI_COMM_SELF, &alone_memory[2], &alone[2]);
  MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, MPI_WIN_NULL_DELETE_FN, &key, NULL);
  for (int i = 0; i < 3; i++) {
    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, alone[i]);
    put(50 + i, 0, 3, alone[i]);
    MPI_Win_set_attr(alone[i], key, alone_memory[i]);
    MPI_Win_set_name(alone[i], "alone");
  }
}
static void alone_after(void) {
  char text[MPI_MAX_OBJECT_NAME];
  int length, there, *flavor;
  void *value;
  MPI_Aint bytes;
  MPI_Info info;
  for (int i = 0; i < 3; i++) {
    MPI_Win_unlock(0, alone[i]);
    CHECK(alone_memory[i][3] == 50 + i);
    MPI_Win_get_attr(alone[i], key, &value, &there);
    CHECK(there && value == alone_memory[i]);
    MPI_Win_get_attr(alone[i], MPI_WIN_BASE, &value, &there);
    CHECK(there && value == alone_memory[i]);
    MPI_Win_get_name(alone[i], text, &length);
    CHECK(strcmp(text, "alone") == 0);
  }
  MPI_Win_get_attr(alone[1], MPI_WIN_CREATE_FLAVOR, &flavor, &there);
  CHECK(there && *flavor == MPI_WIN_FLAVOR_ALLOCATE);
  MPI_Win_shared_query(alone[2], MPI_PROC_NULL, &bytes, &length, &value);
  CHECK(bytes == sizeof alone_own && length == 4 && value == alone_memory[2]);
  MPI_Win_get_info(alone[0], &info);
  MPI_Info_get(info, "accumulate_ordering", MPI_MAX_OBJECT_NAME - 1, text, &there);
  CHECK(there && strcmp(text, "none") == 0);
  MPI_Info_free(&info);
  for (int i = 0; i < 3; i++) MPI_Win_free(&alone[i]);
}

static void wait_for_file(const char *name) {
  for (int round = 1; access(name, F_OK) != 0; round++) {
    printf("round %d\n", round);
    fflush(stdout);
    usleep(100000);
  }
}

/* Rank 0 has a lock that the others want, has started for them, and will post to them. */
static MPI_Win wanted;
static int *wanted_memory;
static int is_waiting_for(const char *what, const char *named, int r) {
  static const char *const order[] = {"lock", "wait", "complete"};
  return strcmp(what, strcmp(named, "all") != 0 ? named : order[r % 3]) == 0;
}
static void take_rank_0_lock(void) {
  const int one = 1;
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, wanted);
  MPI_Accumulate(&one, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, wanted);
  MPI_Win_unlock(0, wanted);
}
static void wait_for_rank_0(const char *named) {
  MPI_Group zero = group_of(0);
  MPI_Barrier(MPI_COMM_WORLD);
  if (is_waiting_for("lock", named, rank)) take_rank_0_lock();
  if (is_waiting_for("wait", named, rank)) {
    MPI_Win_post(zero, 0, wanted);
    MPI_Win_wait(wanted);
    CHECK(wanted_memory[1] == 31);
  }
  if (is_waiting_for("complete", named, rank)) {
    MPI_Win_start(zero, 0, wanted);
    put(41, 0, 2 + rank, wanted);
    MPI_Win_complete(wanted);
  }
  MPI_Group_free(&zero);
}
static void let_others_go(const char *named, const char *file) {
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, wanted);
  wanted_memory[0] = 21;
  MPI_Barrier(MPI_COMM_WORLD);
  wait_for_file(file);
  CHECK(wanted_memory[0] == 21);
  MPI_Win_unlock(0, wanted);
  for (int r = 1; r < size; r++) {
    MPI_Group other = group_of(r);
    if (is_waiting_for("wait", named, r)) {
      MPI_Win_start(other, 0, wanted);
      put(31, r, 1, wanted);
      MPI_Win_complete(wanted);
    }
    if (is_waiting_for("complete", named, r)) {
      MPI_Win_post(other, 0, wanted);
      MPI_Win_wait(wanted);
      CHECK(wanted_memory[2 + r] == 41);
    }
    MPI_Group_free(&other);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  left = (rank + size - 1) % size;
  right = (rank + 1) % size;
  fenced_before();
  all_before();
  exclusive_before();
  shared_before();
  posted_before();
  dynamic_before();
  alone_before();
  const int apart = argc > 3;
  if (!apart) common_before();
  wanted = allocated(&wanted_memory);
  if (rank == 0)
    let_others_go(argv[2], argv[1]);
  else
    wait_for_rank_0(argv[2]);
  MPI_Barrier(MPI_COMM_WORLD);
  int wanting = 0;
  for (int r = 1; r < size; r++) wanting += is_waiting_for("lock", argv[2], r);
  if (rank == 0) CHECK(wanted_memory[0] == 21 + wanting);
  fenced_after();
  all_after();
  exclusive_after();
  shared_after();
  posted_after();
  dynamic_after();
  alone_after();
  if (!apart) common_after();
  MPI_Type_free(&every_second);
  MPI_Win *const windows[] = {&fenced, &all, &exclusive, &shared, &begun, &posted, &dynamic, &wanted, &common};
  const unsigned all_windows = sizeof windows / sizeof windows[0];
  for (unsigned i = 0; i < (apart ? all_windows - 1 : all_windows); i++) MPI_Win_free(windows[i]);
  if (rank == 0) printf("windows: ok\n");
  MPI_Finalize();
  return 0;
}
