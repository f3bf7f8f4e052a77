/* SPDX-License-Identifier: Apache-2.0 */
/* external FILE: a file of each rank with a view in "external32", written in both halves; on disk the integers have
 * their most significant byte first. */
#include "halves.h"

static MPI_File file;
static const int values[4] = {1, 2, 3, 4};

static void open_it(void) {
  char name[64];
  snprintf(name, sizeof name, "external.%d", rank);
  OK(MPI_File_open(MPI_COMM_SELF, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file));
  OK(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "external32", MPI_INFO_NULL));
}

static void check_view(int written) {
  char representation[MPI_MAX_DATAREP_STRING];
  MPI_Offset start;
  MPI_Datatype element, filetype;
  int back[4] = {0};
  OK(MPI_File_get_view(file, &start, &element, &filetype, representation));
  CHECK(start == 0 && strcmp(representation, "external32") == 0);
  OK(MPI_File_read_at(file, 0, back, written, MPI_INT, MPI_STATUS_IGNORE));
  CHECK(memcmp(back, values, (size_t)written * sizeof *back) == 0);
}

static void check_bytes(void) {
  unsigned char bytes[16] = {0};
  OK(MPI_File_set_view(file, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
  OK(MPI_File_read_at(file, 0, bytes, sizeof bytes, MPI_BYTE, MPI_STATUS_IGNORE));
  for (int i = 0; i < 4; i++) CHECK(bytes[4 * i] == 0 && bytes[4 * i + 3] == values[i]);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  open_it();
  OK(MPI_File_write(file, values, 2, MPI_INT, MPI_STATUS_IGNORE));
  check_view(2);

  halves_between(argv[1]);

  check_view(2);
  OK(MPI_File_write(file, values + 2, 2, MPI_INT, MPI_STATUS_IGNORE));
  check_view(4);
  check_bytes();
  OK(MPI_File_close(&file));
  halves_end();
  return 0;
}
