/* SPDX-License-Identifier: Apache-2.0 */
/* Split collectives, in views in which the ranks take turns, and of parts that overlap and differ in length: such reads
 * OMPIO does right when they are split, and wrong when they are not.
 * The file is in $SAY_DIRECTORY/.. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBlock = 512, kTurns = 8, kMost = kBlock * kTurns * 8 };

static int rank, size, all, wrong;
static unsigned char out[kMost], in[kMost];

static unsigned char byte_at(int at) { return (unsigned char)(1 + at % 251); }

static void expect_read(const char *what, const MPI_Status *status, int from, int length) {
  int count = -1, bad = 0;
  MPI_Get_count(status, MPI_BYTE, &count);
  for (int i = 0; i < length; i++) bad += in[i] != byte_at(from + i);
  if (count == length && bad == 0) return;
  wrong++;
  printf("split_views: rank %d: %s: %d bytes of %d, %d of them wrong\n", rank, what, count, length, bad);
}

static void synchronise(MPI_File file) {
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(file);
  memset(in, 0, sizeof in);
}

/* Half of the turns at an offset, the others where the pointer is. */
static void write_in_turns(MPI_File file) {
  const int half = kBlock * kTurns / 2;
  MPI_Datatype block, turns;
  MPI_Type_contiguous(kBlock, MPI_BYTE, &block);
  MPI_Type_create_resized(block, 0, (MPI_Aint)kBlock * size, &turns);
  MPI_Type_commit(&turns);
  MPI_File_set_view(file, (MPI_Offset)kBlock * rank, MPI_BYTE, turns, "native", MPI_INFO_NULL);
  MPI_Type_free(&turns);
  MPI_Type_free(&block);
  for (int i = 0; i < 2 * half; i++) out[i] = byte_at((i / kBlock * size + rank) * kBlock + i % kBlock);
  MPI_File_write_at_all_begin(file, 0, out, half, MPI_BYTE);
  MPI_File_write_at_all_end(file, out, MPI_STATUS_IGNORE);
  MPI_File_seek(file, half, MPI_SEEK_SET);
  MPI_File_write_all_begin(file, out + half, half, MPI_BYTE);
  MPI_File_write_all_end(file, out + half, MPI_STATUS_IGNORE);
}

/* The last rank most of it, the first nothing, those between a part of what the last one reads. */
static void read_parts(MPI_File file, int round) {
  const int from = rank == size - 1 ? 240 : all / 2 + 64 * round - 40 * rank;
  const int length = rank == 0 ? 0 : rank == size - 1 ? all - 240 : 952;
  MPI_Status status;
  memset(in, 0, sizeof in);
  MPI_File_read_at_all_begin(file, from, in, length, MPI_BYTE);
  MPI_File_read_at_all_end(file, in, &status);
  expect_read("read_at_all", &status, from, length);
  memset(in, 0, sizeof in);
  MPI_File_seek(file, from, MPI_SEEK_SET);
  MPI_File_read_all_begin(file, in, length, MPI_BYTE);
  MPI_File_read_all_end(file, in, &status);
  expect_read("read_all", &status, from, length);
}

static void use_order(MPI_File file) {
  const int length = 100 + 300 * rank, from = 100 * rank + 150 * rank * (rank - 1);
  MPI_Status status;
  for (int i = 0; i < length; i++) out[i] = byte_at(from + i);
  MPI_File_seek_shared(file, 0, MPI_SEEK_SET);
  MPI_File_write_ordered_begin(file, out, length, MPI_BYTE);
  MPI_File_write_ordered_end(file, out, &status);
  synchronise(file);
  MPI_File_seek_shared(file, 0, MPI_SEEK_SET);
  MPI_File_read_ordered_begin(file, in, length, MPI_BYTE);
  MPI_File_read_ordered_end(file, in, &status);
  expect_read("read_ordered", &status, from, length);
}

int main(int argc, char **argv) {
  const char *directory = getenv("SAY_DIRECTORY");
  char name[1000];
  MPI_File file;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  all = kBlock * kTurns * size;
  snprintf(name, sizeof name, "%s/../split_views.data", directory != NULL ? directory : ".");
  MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file);
  MPI_File_set_errhandler(file, MPI_ERRORS_ARE_FATAL);
  write_in_turns(file);
  synchronise(file);
  MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL);
  for (int round = 0; round < 3; round++) read_parts(file, round);
  use_order(file);
  MPI_File_close(&file);
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf("split_views: %s\n", wrong == 0 ? "ok" : "wrong");
  MPI_Finalize();
  return wrong != 0;
}
