/* SPDX-License-Identifier: Apache-2.0 */
/* files FILE: files of which the first half has written and read one half, by the individual and the shared pointer,
 * and the second half does the rest; what they are like has the same answers in both. */
#include "halves.h"

enum { kBlock = 4, kMode = MPI_MODE_CREATE | MPI_MODE_RDWR };

static MPI_File own, shared;
static MPI_Request pending;
static int out[kBlock], in[kBlock];

/* Open MPI 4.1 knows no representations of a program, nor does Cairn. */
static void representation(const char *name) {
  CHECK(MPI_Register_datarep(name, MPI_CONVERSION_FN_NULL, MPI_CONVERSION_FN_NULL, NULL, NULL) != MPI_SUCCESS);
}

static void ask(int half) {
  int same, mode, atomic, there;
  MPI_Group group, world;
  MPI_Info info;
  MPI_Aint extent;
  MPI_Offset bytes, at;
  char text[32];
  OK(MPI_Comm_group(MPI_COMM_WORLD, &world));
  OK(MPI_File_get_group(shared, &group));
  OK(MPI_Group_compare(group, world, &same));
  CHECK(same == MPI_IDENT);
  OK(MPI_Group_free(&group));
  OK(MPI_Group_free(&world));
  OK(MPI_File_get_info(own, &info));
  OK(MPI_Info_get(info, "collective_buffering", 31, text, &there));
  CHECK(!there || strcmp(text, "true") == 0);
  OK(MPI_File_set_info(own, info));
  OK(MPI_Info_free(&info));
  OK(MPI_File_get_type_extent(own, MPI_DOUBLE, &extent));
  CHECK(extent == sizeof(double));
  OK(MPI_File_get_amode(own, &mode));
  CHECK(mode == kMode);
  OK(MPI_File_get_atomicity(own, &atomic));
  CHECK(atomic == 0);
  OK(MPI_File_get_byte_offset(own, 3, &bytes));
  CHECK(bytes == (MPI_Offset)sizeof(int) * (rank * 2 * kBlock + 3));
  OK(MPI_File_get_position(own, &at));
  CHECK(at == half * kBlock);
}

static void fill(int half, int of) {
  for (int i = 0; i < kBlock; i++) out[i] = 1000 * half + 10 * of + i;
}

static int block_of(const int *block, int half) {
  const int of = block[0] / 10 % 100;
  for (int i = 0; i < kBlock; i++) CHECK(block[i] == 1000 * half + 10 * of + i);
  return of;
}

/* Of those who read by the shared pointer each gets another block. */
static void all_different(int of) {
  int bit = 1 << of, all;
  OK(MPI_Allreduce(&bit, &all, 1, MPI_INT, MPI_BXOR, MPI_COMM_WORLD));
  CHECK(all == (1 << size) - 1);
}

static void write_half(int half) {
  fill(half, rank);
  OK(MPI_File_write(own, out, kBlock, MPI_INT, MPI_STATUS_IGNORE));
  OK(MPI_File_iwrite_shared(shared, out, kBlock, MPI_INT, &pending));
}

static void read_half(int half) {
  OK(MPI_File_iread_shared(shared, in, kBlock, MPI_INT, &pending));
  OK(MPI_Wait(&pending, MPI_STATUS_IGNORE));
  all_different(block_of(in, half));
}

int main(int argc, char **argv) {
  MPI_Info info;
  MPI_Status status;
  int count;
  halves_begin(&argc, &argv);
  OK(MPI_Info_create(&info));
  OK(MPI_Info_set(info, "collective_buffering", "true"));
  OK(MPI_File_open(MPI_COMM_WORLD, "own.data", kMode, info, &own));
  OK(MPI_File_open(MPI_COMM_WORLD, "shared.data", kMode, MPI_INFO_NULL, &shared));
  OK(MPI_Info_free(&info));
  OK(MPI_File_set_view(own, (MPI_Offset)sizeof(int) * rank * 2 * kBlock, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
  OK(MPI_File_set_view(shared, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
  ask(0);
  representation("one half");
  write_half(1);
  ask(1);

  halves_between(argv[1]);

  OK(MPI_Wait(&pending, MPI_STATUS_IGNORE));
  ask(1);
  write_half(2);
  OK(MPI_Wait(&pending, MPI_STATUS_IGNORE));
  ask(2);
  representation("the other half");
  OK(MPI_Barrier(MPI_COMM_WORLD));
  OK(MPI_File_seek(own, 0, MPI_SEEK_SET));
  OK(MPI_File_read(own, in, kBlock, MPI_INT, &status));
  OK(MPI_Get_count(&status, MPI_INT, &count));
  CHECK(count == kBlock && block_of(in, 1) == rank);
  OK(MPI_File_read(own, in, kBlock, MPI_INT, &status));
  CHECK(block_of(in, 2) == rank);
  OK(MPI_File_seek_shared(shared, 0, MPI_SEEK_SET));
  OK(MPI_Barrier(MPI_COMM_WORLD));
  read_half(1);
  OK(MPI_File_read_shared(shared, in, kBlock, MPI_INT, &status));
  all_different(block_of(in, 2));
  OK(MPI_File_close(&shared));
  OK(MPI_File_close(&own));
  halves_end();
  return 0;
}
