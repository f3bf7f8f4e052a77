/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden snapshots: two ranks that work for a fixed number of steps, with a communicator, a derived
 * type, an operation and messages under way at every step. It ends by itself and says PASS and its answer, or FAIL. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS = 60, PAUSE_US = 30000, COLUMNS = 8, ROWS = 16, EARLY = 3 };

static void fold(void *in, void *inout, int *count, MPI_Datatype *type) {
  (void)type;
  const uint64_t *from = in;
  uint64_t *to = inout;
  for (int i = 0; i < *count; ++i) to[i] = to[i] * 31 + from[i];
}

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

/* A column of the other's table arrives in a row of mine; it was sent EARLY steps ago, and has been on its way since.
 */
static void exchange(MPI_Comm comm, MPI_Datatype column, uint64_t *table, unsigned step) {
  int rank;
  uint64_t row[ROWS];
  MPI_Comm_rank(comm, &rank);
  for (int i = 0; i < ROWS; ++i) table[i * COLUMNS + step % COLUMNS] = step * 100 + (unsigned)i + (unsigned)rank;
  MPI_Send(table + step % COLUMNS, 1, column, 1 - rank, (int)step, comm);
  if (step < EARLY) return;
  MPI_Recv(row, ROWS, MPI_UINT64_T, 1 - rank, (int)(step - EARLY), comm, MPI_STATUS_IGNORE);
  for (int i = 0; i < ROWS; ++i)
    check(row[i] == (step - EARLY) * 100 + (unsigned)i + (unsigned)(1 - rank), "a message is not what was sent");
}

int main(int argc, char **argv) {
  int rank, size, length;
  char name[MPI_MAX_OBJECT_NAME];
  uint64_t *table = calloc(ROWS * COLUMNS, sizeof *table), value, all = 1;
  MPI_Comm turned;
  MPI_Datatype column;
  MPI_Op folding;
  MPI_Init(&argc, &argv);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  check(size == 2, "this needs two ranks");
  MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &turned);
  MPI_Comm_set_name(turned, "turned");
  MPI_Type_vector(ROWS, 1, COLUMNS, MPI_UINT64_T, &column);
  MPI_Type_commit(&column);
  MPI_Op_create(fold, 0, &folding);
  for (unsigned step = 0; step < STEPS; ++step) {
    exchange(turned, column, table, step);
    value = all + (unsigned)rank + step;
    MPI_Allreduce(&value, &all, 1, MPI_UINT64_T, folding, turned);
    if (rank == 0) printf("step %u\n", step);
    fflush(stdout);
    usleep(PAUSE_US);
  }
  MPI_Comm_get_name(turned, name, &length);
  check(strcmp(name, "turned") == 0, "the communicator's name");
  MPI_Comm_rank(turned, &size);
  check(size == 1 - rank, "the rank in the communicator");
  for (unsigned late = STEPS - EARLY; late < STEPS; ++late) {
    uint64_t row[ROWS];
    MPI_Recv(row, ROWS, MPI_UINT64_T, 1 - size, (int)late, turned, MPI_STATUS_IGNORE);
    check(row[0] == late * 100 + (unsigned)(1 - size), "a late message");
  }
  MPI_Op_free(&folding);
  MPI_Type_free(&column);
  MPI_Comm_free(&turned);
  if (rank == 0) printf("PASS %016llx\n", (unsigned long long)all);
  MPI_Finalize();
  return 0;
}
