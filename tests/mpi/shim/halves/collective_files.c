/* SPDX-License-Identifier: Apache-2.0 */
/* collective_files FILE: a split collective of every kind, each on a file of its own, begun in the first half and ended
 * in the second; besides, collective operations that do not wait, sizes, and what is in the files in the end. */
#include "halves.h"

enum { kBlock = 4, kMode = MPI_MODE_CREATE | MPI_MODE_RDWR };
enum { kReadAt, kWriteAt, kRead, kWrite, kReadOrdered, kWriteOrdered, kBegun, kFiles };

static MPI_File files[kFiles];
static int out[kFiles][kBlock], in[kFiles][kBlock];
static MPI_Request pending;

static MPI_Offset place(void) { return (MPI_Offset)rank * kBlock; }

static int is_own(const int *block, int round) {
  for (int i = 0; i < kBlock; i++)
    if (block[i] != 1000 * round + 10 * rank + i) return 0;
  return 1;
}

static void fill(int round) {
  for (int f = 0; f < kFiles; f++)
    for (int i = 0; i < kBlock; i++) out[f][i] = 1000 * round + 10 * rank + i;
}

static void open_all(void) {
  char name[32];
  for (int f = 0; f < kFiles; f++) {
    snprintf(name, sizeof name, "file.%d.data", f);
    OK(MPI_File_open(MPI_COMM_WORLD, name, kMode, MPI_INFO_NULL, &files[f]));
    OK(MPI_File_set_view(files[f], 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_File_write_at(files[f], place(), out[f], kBlock, MPI_INT, MPI_STATUS_IGNORE));
    OK(MPI_File_sync(files[f]));
    OK(MPI_File_seek(files[f], place(), MPI_SEEK_SET));
  }
  OK(MPI_Barrier(MPI_COMM_WORLD));
}

static void begin(void) {
  OK(MPI_File_read_at_all_begin(files[kReadAt], place(), in[kReadAt], kBlock, MPI_INT));
  OK(MPI_File_write_at_all_begin(files[kWriteAt], place(), out[kWriteAt], kBlock, MPI_INT));
  OK(MPI_File_read_all_begin(files[kRead], in[kRead], kBlock, MPI_INT));
  OK(MPI_File_write_all_begin(files[kWrite], out[kWrite], kBlock, MPI_INT));
  OK(MPI_File_read_ordered_begin(files[kReadOrdered], in[kReadOrdered], kBlock, MPI_INT));
  OK(MPI_File_write_ordered_begin(files[kWriteOrdered], out[kWriteOrdered], kBlock, MPI_INT));
  OK(MPI_File_iwrite_at_all(files[kBegun], place(), out[kBegun], kBlock, MPI_INT, &pending));
}

static void end(void) {
  MPI_Status statuses[kFiles];
  int count;
  OK(MPI_File_read_at_all_end(files[kReadAt], in[kReadAt], &statuses[kReadAt]));
  OK(MPI_File_write_at_all_end(files[kWriteAt], out[kWriteAt], &statuses[kWriteAt]));
  OK(MPI_File_read_all_end(files[kRead], in[kRead], &statuses[kRead]));
  OK(MPI_File_write_all_end(files[kWrite], out[kWrite], &statuses[kWrite]));
  OK(MPI_File_read_ordered_end(files[kReadOrdered], in[kReadOrdered], &statuses[kReadOrdered]));
  OK(MPI_File_write_ordered_end(files[kWriteOrdered], out[kWriteOrdered], &statuses[kWriteOrdered]));
  OK(MPI_Wait(&pending, &statuses[kBegun]));
  for (int f = 0; f < kFiles; f++) {
    OK(MPI_Get_count(&statuses[f], MPI_INT, &count));
    CHECK(count == kBlock);
  }
  CHECK(is_own(in[kReadAt], 1) && is_own(in[kRead], 1) && is_own(in[kReadOrdered], 1));
}

static void check_written(void) {
  int block[kBlock];
  const int written[] = {kWriteAt, kWrite, kWriteOrdered, kBegun};
  for (int f = 0; f < 4; f++) {
    OK(MPI_File_sync(files[written[f]]));
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_File_read_at_all(files[written[f]], place(), block, kBlock, MPI_INT, MPI_STATUS_IGNORE));
    CHECK(is_own(block, 2));
  }
  OK(MPI_File_seek_shared(files[kWriteOrdered], 0, MPI_SEEK_SET));
  OK(MPI_File_read_ordered(files[kWriteOrdered], block, kBlock, MPI_INT, MPI_STATUS_IGNORE));
  CHECK(is_own(block, 2));
}

static void expect_size(int blocks) {
  MPI_Offset bytes;
  OK(MPI_Barrier(MPI_COMM_WORLD)); /* one rank changes it for all */
  OK(MPI_File_get_size(files[kReadAt], &bytes));
  CHECK(bytes == (MPI_Offset)sizeof(int) * kBlock * blocks);
  OK(MPI_Barrier(MPI_COMM_WORLD)); /* the next call changes it */
}

static void resize(int blocks) {
  OK(MPI_File_set_size(files[kReadAt], (MPI_Offset)sizeof(int) * kBlock * blocks));
  expect_size(blocks);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  fill(1);
  open_all();
  fill(2);
  resize(size + 3);
  begin();

  halves_between(argv[1]);

  expect_size(size + 3);
  end();
  check_written();
  resize(size + 1);
  OK(MPI_File_preallocate(files[kReadAt], (MPI_Offset)sizeof(int) * kBlock * (size + 2)));
  expect_size(size + 2);
  for (int f = 0; f < kFiles; f++) OK(MPI_File_close(&files[f]));
  halves_end();
  return 0;
}
