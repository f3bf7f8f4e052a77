/* SPDX-License-Identifier: Apache-2.0 */
/* datatypes FILE: every way to make a datatype, and all that is asked of one, in both halves with the same answers;
 * what is packed in the first half is unpacked in the second, one part having been unpacked before. */
#include "halves.h"

/* Programs that were built long ago call these; mpi.h hides them. */
#undef MPI_Type_extent
#undef MPI_Type_hindexed
#undef MPI_Type_hvector
#undef MPI_Type_lb
#undef MPI_Type_struct
#undef MPI_Type_ub
int MPI_Type_extent(MPI_Datatype, MPI_Aint *);
int MPI_Type_hindexed(int, int *, MPI_Aint *, MPI_Datatype, MPI_Datatype *);
int MPI_Type_hvector(int, int, MPI_Aint, MPI_Datatype, MPI_Datatype *);
int MPI_Type_lb(MPI_Datatype, MPI_Aint *);
int MPI_Type_struct(int, int *, MPI_Aint *, MPI_Datatype *, MPI_Datatype *);
int MPI_Type_ub(MPI_Datatype, MPI_Aint *);

enum { kTypes = 20, kRoom = 4096 };

static MPI_Datatype types[kTypes], pair;
static int made;

static MPI_Datatype *next(void) { return &types[made++]; }

static void make(void) {
  int lengths[3] = {1, 2, 1}, places[3] = {0, 2, 6}, sizes[2] = {4, 6}, sub[2] = {2, 3}, starts[2] = {1, 2};
  int how[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, given[2] = {MPI_DISTRIBUTE_DFLT_DARG, 1},
      grid[2] = {2, 1};
  MPI_Aint bytes[3] = {0, 16, 48};
  MPI_Datatype parts[3] = {MPI_INT, MPI_DOUBLE, MPI_INT};
  OK(MPI_Type_contiguous(2, MPI_INT, &pair));
  OK(MPI_Type_contiguous(3, pair, next()));
  OK(MPI_Type_vector(3, 2, 4, pair, next()));
  OK(MPI_Type_create_hvector(3, 1, 24, pair, next()));
  OK(MPI_Type_hvector(2, 2, 40, pair, next()));
  OK(MPI_Type_indexed(3, lengths, places, pair, next()));
  OK(MPI_Type_create_hindexed(3, lengths, bytes, pair, next()));
  OK(MPI_Type_hindexed(3, lengths, bytes, pair, next()));
  OK(MPI_Type_create_indexed_block(3, 2, places, pair, next()));
  OK(MPI_Type_create_hindexed_block(3, 1, bytes, pair, next()));
  OK(MPI_Type_create_struct(3, lengths, bytes, parts, next()));
  OK(MPI_Type_struct(3, lengths, bytes, parts, next()));
  OK(MPI_Type_create_subarray(2, sizes, sub, starts, MPI_ORDER_FORTRAN, MPI_INT, next()));
  OK(MPI_Type_create_darray(2, rank % 2, 2, sizes, how, given, grid, MPI_ORDER_C, MPI_INT, next()));
  OK(MPI_Type_create_resized(pair, -8, 32, next()));
  OK(MPI_Type_dup(types[1], next()));
  OK(MPI_Type_create_f90_real(10, 100, next()));
  OK(MPI_Type_create_f90_complex(10, 100, next()));
  OK(MPI_Type_create_f90_integer(8, next()));
  OK(MPI_Type_match_size(MPI_TYPECLASS_INTEGER, 4, next()));
  OK(MPI_Type_set_name(types[0], "three pairs"));
  OK(MPI_Type_free(&pair)); /* needed only as a part */
  for (int i = 0; i < made; i++) OK(MPI_Type_commit(&types[i]));
}

/* A structure whose bounds are markers, as MPI-1 had them. */
static MPI_Datatype marked;

static void make_marked(void) {
  extern struct ompi_predefined_datatype_t ompi_mpi_lb, ompi_mpi_ub; /* mpi.h hides MPI_LB and MPI_UB */
  int lengths[3] = {1, 1, 1};
  MPI_Aint bytes[3] = {-8, 0, 32};
  MPI_Datatype parts[3] = {(MPI_Datatype)&ompi_mpi_lb, MPI_DOUBLE, (MPI_Datatype)&ompi_mpi_ub};
  OK(MPI_Type_create_struct(3, lengths, bytes, parts, &marked));
}

static void ask_marked(void) {
  MPI_Datatype row;
  MPI_Aint lower, extent;
  OK(MPI_Type_get_extent(marked, &lower, &extent));
  CHECK(lower == -8 && extent == 40);
  OK(MPI_Type_contiguous(3, marked, &row));
  OK(MPI_Type_get_extent(row, &lower, &extent));
  CHECK(lower == -8 && extent == 120);
  OK(MPI_Type_free(&row));
}

/* All answers, folded. */
static unsigned long fold(unsigned long sum, long value) { return sum * 31 + (unsigned long)value; }

static unsigned long contents(unsigned long sum, MPI_Datatype type) {
  int n, a, d, combiner, integers[64];
  MPI_Aint addresses[64];
  MPI_Datatype parts[64];
  OK(MPI_Type_get_envelope(type, &n, &a, &d, &combiner));
  sum = fold(fold(fold(fold(sum, n), a), d), combiner);
  if (combiner == MPI_COMBINER_NAMED) return sum;
  OK(MPI_Type_get_contents(type, n, a, d, integers, addresses, parts));
  for (int i = 0; i < n; i++) sum = fold(sum, integers[i]);
  for (int i = 0; i < a; i++) sum = fold(sum, addresses[i]);
  for (int i = 0; i < d; i++) {
    int named, x, y, z;
    sum = contents(sum, parts[i]);
    OK(MPI_Type_get_envelope(parts[i], &x, &y, &z, &named));
    if (named != MPI_COMBINER_NAMED) OK(MPI_Type_free(&parts[i]));
  }
  return sum;
}

static unsigned long describe(MPI_Datatype type) {
  int bytes, length;
  MPI_Count wide, wide_lower, wide_extent;
  MPI_Aint lower, extent, lb, ub, old;
  char name[MPI_MAX_OBJECT_NAME];
  OK(MPI_Type_size(type, &bytes));
  OK(MPI_Type_size_x(type, &wide));
  OK(MPI_Type_get_extent(type, &lower, &extent));
  OK(MPI_Type_get_extent_x(type, &wide_lower, &wide_extent));
  OK(MPI_Type_lb(type, &lb));
  OK(MPI_Type_ub(type, &ub));
  OK(MPI_Type_extent(type, &old));
  CHECK(wide == bytes && wide_lower == lower && wide_extent == extent && lb == lower && ub == lower + extent);
  CHECK(old == extent);
  unsigned long sum = fold(fold(fold(1, bytes), lower), extent);
  OK(MPI_Type_get_true_extent(type, &lower, &extent));
  OK(MPI_Type_get_true_extent_x(type, &wide_lower, &wide_extent));
  CHECK(wide_lower == lower && wide_extent == extent);
  OK(MPI_Type_get_name(type, name, &length));
  for (int i = 0; i < length; i++) sum = fold(sum, name[i]);
  return contents(fold(fold(sum, lower), extent), type);
}

static unsigned char data[kRoom], packed[kTypes][kRoom], external[kRoom];
static int ends[kTypes], position[kTypes];
static MPI_Aint external_end, external_position;

static void pack_all(void) {
  for (int i = 0; i < kRoom; i++) data[i] = (unsigned char)(i * 7);
  for (int i = 0; i < kTypes; i++) {
    int room;
    OK(MPI_Pack_size(1, types[i], MPI_COMM_WORLD, &room));
    CHECK(2 * room < kRoom);
    OK(MPI_Pack(data + 512, 1, types[i], packed[i], kRoom, &ends[i], MPI_COMM_WORLD));
    OK(MPI_Pack(data + 1024, 1, types[i], packed[i], kRoom, &ends[i], MPI_COMM_WORLD));
  }
  MPI_Aint room;
  OK(MPI_Pack_external_size("external32", 4, MPI_INT, &room));
  CHECK(room == 16);
  int values[4] = {1, 2, 3, 0x01020304};
  OK(MPI_Pack_external("external32", values, 4, MPI_INT, external, kRoom, &external_end));
  CHECK(external_end == 16 && external[3] == 1 && external[12] == 1 && external[15] == 4);
}

/* One of the two that are packed in each. */
static void unpack_all(int which) {
  static unsigned char back[kRoom], again[kRoom];
  for (int i = 0; i < kTypes; i++) {
    int end = 0, bytes;
    memset(back, 0, kRoom);
    OK(MPI_Unpack(packed[i], ends[i], &position[i], back + 512, 1, types[i], MPI_COMM_WORLD));
    OK(MPI_Pack(back + 512, 1, types[i], again, kRoom, &end, MPI_COMM_WORLD));
    OK(MPI_Type_size(types[i], &bytes));
    CHECK(end == ends[i] / 2 && position[i] == end * (which + 1));
    CHECK(bytes == 0 || memcmp(again, packed[i] + which * end, (size_t)end) == 0);
  }
  int values[2];
  OK(MPI_Unpack_external("external32", external, external_end, &external_position, values, 2, MPI_INT));
  CHECK(which == 0 ? values[0] == 1 && values[1] == 2 : values[0] == 3 && values[1] == 0x01020304);
}

static void travel(void) {
  static unsigned char in[kRoom];
  MPI_Status status;
  for (int i = 0; i < kTypes; i++) {
    int count;
    OK(MPI_Sendrecv(data + 512, 1, types[i], right, i, in + 512, 1, types[i], left, i, MPI_COMM_WORLD, &status));
    OK(MPI_Get_count(&status, types[i], &count));
    CHECK(count == 1);
  }
}

int main(int argc, char **argv) {
  unsigned long told[kTypes];
  halves_begin(&argc, &argv);
  make();
  CHECK(made + 1 == kTypes);
  OK(MPI_Type_vector(2, 1, 3, types[9], &types[made])); /* of a struct */
  OK(MPI_Type_commit(&types[made]));
  for (int i = 0; i < kTypes; i++) told[i] = describe(types[i]);
  pack_all();
  unpack_all(0);
  travel();
  make_marked();
  ask_marked();

  halves_between(argv[1]);

  for (int i = 0; i < kTypes; i++) CHECK(told[i] == describe(types[i]));
  unpack_all(1);
  travel();
  for (int i = 0; i < kTypes; i++)
    if (i < 15 || i > 18) OK(MPI_Type_free(&types[i])); /* the others are the library's */
  made = 0;
  memset(ends, 0, sizeof ends);
  memset(position, 0, sizeof position);
  external_end = external_position = 0;
  make();
  OK(MPI_Type_vector(2, 1, 3, types[9], &types[made]));
  OK(MPI_Type_commit(&types[made]));
  for (int i = 0; i < kTypes; i++) CHECK(told[i] == describe(types[i]));
  pack_all();
  unpack_all(0);
  unpack_all(1);
  ask_marked();
  OK(MPI_Type_commit(&marked));
  OK(MPI_Type_free(&marked));
  halves_end();
  return 0;
}
