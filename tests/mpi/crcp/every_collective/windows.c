// SPDX-License-Identifier: Apache-2.0
// every_collective: windows. A round makes one, of all ranks, calls its function, and frees it.
#include <stddef.h>

#include "calls.h"

static int left(void) { return (rank + size - 1) % size; }
static int right(void) { return (rank + 1) % size; }
static MPI_Comm comm_of(int n) { return n % 2 == 0 ? copy : MPI_COMM_WORLD; }

static void freed(MPI_Win window) {
  come_late();
  expect(MPI_Win_free(&window) == MPI_SUCCESS && window == MPI_WIN_NULL, "MPI_Win_free");
}

// Every rank puts its number into its right neighbour's window, at `displacement`.
static void put_right(MPI_Win window, int n, const int* memory, MPI_Aint displacement, const char* what) {
  const int mine = number_of(n, rank);
  come_late();
  MPI_Win_fence(0, window);
  MPI_Put(&mine, 1, MPI_INT, right(), displacement, 1, MPI_INT, window);
  come_late();
  MPI_Win_fence(0, window);
  expect(*memory == number_of(n, left()), what);
}

static void create_round(int n) {
  static int memory;
  MPI_Win window;
  MPI_Win_create(&memory, sizeof memory, sizeof memory, MPI_INFO_NULL, comm_of(n), &window);
  put_right(window, n, &memory, 0, "MPI_Win_create");
  freed(window);
}

static void allocate_round(int n) {
  int* memory;
  MPI_Win window;
  MPI_Win_allocate(sizeof *memory, sizeof *memory, MPI_INFO_NULL, comm_of(n), &memory, &window);
  put_right(window, n, memory, 0, "MPI_Win_allocate");
  freed(window);
}

static void allocate_shared_round(int n) {
  int* memory;
  MPI_Win window;
  MPI_Win_allocate_shared(sizeof *memory, sizeof *memory, MPI_INFO_NULL, comm_of(n), &memory, &window);
  put_right(window, n, memory, 0, "MPI_Win_allocate_shared");
  freed(window);
}

static void create_dynamic_round(int n) {
  static int memory;
  MPI_Win window;
  MPI_Aint mine, theirs = 0;
  MPI_Win_create_dynamic(MPI_INFO_NULL, comm_of(n), &window);
  MPI_Win_attach(window, &memory, sizeof memory);
  MPI_Get_address(&memory, &mine);
  MPI_Sendrecv(&mine, 1, MPI_AINT, left(), 0, &theirs, 1, MPI_AINT, right(), 0, copy, MPI_STATUS_IGNORE);
  put_right(window, n, &memory, theirs, "MPI_Win_create_dynamic");
  MPI_Win_detach(window, &memory);
  freed(window);
}

static void free_round(int n) {
  int* memory;
  MPI_Win first, second;
  MPI_Win_allocate(sizeof *memory, 1, MPI_INFO_NULL, comm_of(n), &memory, &first);
  MPI_Win_create_dynamic(MPI_INFO_NULL, comm_of(n + 1), &second);
  freed(first);
  freed(second);
}

static void fence_round(int n) {
  static int memory;
  MPI_Win window;
  MPI_Win_create(&memory, sizeof memory, sizeof memory, MPI_INFO_NULL, comm_of(n), &window);
  for (int i = 0; i < 5; ++i) put_right(window, n + i, &memory, 0, "MPI_Win_fence");
  freed(window);
}

static void set_info_round(int n) {
  static int memory;
  MPI_Win window;
  MPI_Info info;
  MPI_Win_create(&memory, sizeof memory, sizeof memory, MPI_INFO_NULL, comm_of(n), &window);
  MPI_Info_create(&info);
  MPI_Info_set(info, "same_disp_unit", "true");
  expect(MPI_Win_set_info(window, info) == MPI_SUCCESS, "MPI_Win_set_info");
  MPI_Info_free(&info);
  freed(window);
}

// Not collective, but they wait for other ranks inside of the library, too.

static void post_round(int n) {
  static int memory;
  const int mine = number_of(n, rank), to = right(), from = left();
  MPI_Win window;
  MPI_Group all, targets, origins;
  MPI_Win_create(&memory, sizeof memory, sizeof memory, MPI_INFO_NULL, comm_of(n), &window);
  MPI_Win_get_group(window, &all);
  MPI_Group_incl(all, 1, &to, &targets);
  MPI_Group_incl(all, 1, &from, &origins);
  come_late();
  MPI_Win_post(origins, 0, window);
  MPI_Win_start(targets, 0, window);
  MPI_Put(&mine, 1, MPI_INT, to, 0, 1, MPI_INT, window);
  MPI_Win_complete(window);
  MPI_Win_wait(window);
  expect(memory == number_of(n, from), "MPI_Win_wait");
  MPI_Group_free(&all);
  MPI_Group_free(&targets);
  MPI_Group_free(&origins);
  freed(window);
}

static void lock_round(int n) {
  static int memory;
  const int one = 1;
  MPI_Win window;
  memory = 0;
  MPI_Win_create(&memory, sizeof memory, sizeof memory, MPI_INFO_NULL, comm_of(n), &window);
  MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, window);
  come_late();
  MPI_Accumulate(&one, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, window);
  MPI_Win_flush(0, window);
  MPI_Win_unlock(0, window);
  MPI_Barrier(comm_of(n));
  if (rank == 0) {
    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, window);
    expect(memory == size, "MPI_Win_lock");
    MPI_Win_unlock(0, window);
  }
  freed(window);
}

const struct call window_calls[] = {
    {"MPI_Win_create", create_round},
    {"MPI_Win_allocate", allocate_round},
    {"MPI_Win_allocate_shared", allocate_shared_round},
    {"MPI_Win_create_dynamic", create_dynamic_round},
    {"MPI_Win_free", free_round},
    {"MPI_Win_fence", fence_round},
    {"MPI_Win_set_info", set_info_round},
    {"MPI_Win_post", post_round},
    {"MPI_Win_lock", lock_round},
    {NULL, NULL},
};
