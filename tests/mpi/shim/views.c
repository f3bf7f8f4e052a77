/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_File_get_view: what the answered datatypes are made of, down to the predefined ones, that they can be used, and
 * that the view is still there when the datatypes it was set with are freed. */
#include "say.h"

static void describe(MPI_Datatype type, int depth) {
  enum { most = 32 };
  int ni, na, nd, combiner, integers[most], length, size;
  MPI_Aint addresses[most], lower, extent;
  MPI_Datatype parts[most];
  char line[400] = "", name[MPI_MAX_OBJECT_NAME];
  MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
  MPI_Type_size(type, &size);
  MPI_Type_get_extent(type, &lower, &extent);
  if (combiner == MPI_COMBINER_NAMED) {
    MPI_Type_get_name(type, name, &length);
    say("%*s%s size %d extent %ld", 2 * depth, "", name, size, (long)extent);
    return;
  }
  MPI_Type_get_contents(type, ni, na, nd, integers, addresses, parts);
  for (int i = 0; i < ni; i++) sprintf(line + strlen(line), " %d", integers[i]);
  for (int i = 0; i < na; i++) sprintf(line + strlen(line), " @%ld", (long)addresses[i]);
  say("%*scombiner %d size %d lower %ld extent %ld:%s", 2 * depth, "", combiner, size, (long)lower, (long)extent, line);
  for (int i = 0; i < nd; i++) {
    int a, b, c, kind;
    describe(parts[i], depth + 1);
    MPI_Type_get_envelope(parts[i], &a, &b, &c, &kind);
    if (kind != MPI_COMBINER_NAMED && kind != MPI_COMBINER_F90_REAL) MPI_Type_free(&parts[i]);
  }
}

/* Both datatypes of the view, and whether the predefined ones are the very handles of mpi.h. */
static void view(MPI_File file, const char *what, MPI_Datatype etype) {
  MPI_Offset displacement = -1;
  MPI_Datatype answered[2];
  char representation[MPI_MAX_DATAREP_STRING] = "";
  SAY(MPI_File_get_view(file, &displacement, &answered[0], &answered[1], representation));
  say("%s: displacement %ld %s, same etype %d", what, (long)displacement, representation, answered[0] == etype);
  for (int i = 0; i < 2; i++) {
    int a, b, c, combiner, size, packed = 0;
    char bytes[4096], from[4096];
    describe(answered[i], 1);
    MPI_Type_size(answered[i], &size);
    memset(from, 7, sizeof from);
    MPI_Pack(from, 1, answered[i], bytes, sizeof bytes, &packed, MPI_COMM_SELF);
    say("%s: %d packs into %d of %d bytes", what, i, packed, size);
    MPI_Type_get_envelope(answered[i], &a, &b, &c, &combiner);
    if (combiner != MPI_COMBINER_NAMED && combiner != MPI_COMBINER_F90_REAL) SAY(MPI_Type_free(&answered[i]));
  }
}

/* Sets a view of `type`, asks, frees `type`, and asks again. */
static void with_type(MPI_File file, const char *what, MPI_Datatype etype, MPI_Datatype type, int free_it) {
  MPI_Type_commit(&type);
  SAY(MPI_File_set_view(file, 16, etype, type, "native", MPI_INFO_NULL));
  view(file, what, etype);
  if (free_it) MPI_Type_free(&type);
  view(file, what, etype);
}

static void nested(MPI_File file) {
  int lengths[2] = {1, 2};
  MPI_Aint places[2] = {0, 16};
  MPI_Datatype inner, types[2], type;
  MPI_Type_vector(2, 1, 2, MPI_INT, &inner);
  types[0] = inner;
  types[1] = MPI_INT;
  MPI_Type_create_struct(2, lengths, places, types, &type);
  MPI_Type_free(&inner);
  with_type(file, "struct of a freed vector", MPI_INT, type, 1);
  MPI_Type_vector(2, 1, 2, MPI_INT, &inner);
  MPI_Type_create_resized(inner, 0, 64, &type);
  with_type(file, "resized vector", MPI_INT, type, 1);
  MPI_Type_commit(&inner);
  say("the part lives on");
  describe(inner, 1);
  MPI_Type_contiguous(2, MPI_INT, &type);
  MPI_Type_commit(&type);
  with_type(file, "derived etype", type, type, 0);
  MPI_Type_free(&type);
  MPI_Type_free(&inner);
  MPI_Type_create_f90_real(6, 30, &type);
  with_type(file, "Fortran's real", type, type, 0);
}

static void arrays(MPI_File file) {
  int sizes[2] = {4, 6}, part[2] = {2, 3}, start[2] = {1, 2}, lengths[2] = {2, 1}, places[2] = {0, 4};
  int kinds[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC};
  int arguments[2] = {MPI_DISTRIBUTE_DFLT_DARG, 2}, grid[2] = {2, 2};
  MPI_Aint far[2] = {0, 24};
  MPI_Datatype type;
  MPI_Type_create_subarray(2, sizes, part, start, MPI_ORDER_C, MPI_INT, &type);
  with_type(file, "subarray", MPI_INT, type, 1);
  MPI_Type_create_darray(4, say_rank, 2, sizes, kinds, arguments, grid, MPI_ORDER_FORTRAN, MPI_INT, &type);
  with_type(file, "darray", MPI_INT, type, 1);
  MPI_Type_indexed(2, lengths, places, MPI_INT, &type);
  with_type(file, "indexed", MPI_INT, type, 1);
  MPI_Type_create_hindexed(2, lengths, far, MPI_INT, &type);
  with_type(file, "hindexed", MPI_INT, type, 1);
  MPI_Type_create_indexed_block(2, 2, places, MPI_INT, &type);
  with_type(file, "indexed block", MPI_INT, type, 1);
  MPI_Type_create_hindexed_block(2, 2, far, MPI_INT, &type);
  with_type(file, "hindexed block", MPI_INT, type, 1);
  MPI_Type_create_hvector(2, 1, 24, MPI_INT, &type);
  with_type(file, "hvector", MPI_INT, type, 1);
}

int main(int argc, char **argv) {
  MPI_File file;
  MPI_Datatype type;
  char path[300];
  const char *directory = getenv("SAY_DIRECTORY");
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  snprintf(path, sizeof path, "%s.view", directory != NULL ? directory : "say-views");
  MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file);
  view(file, "of a file just opened", MPI_BYTE);
  with_type(file, "predefined", MPI_DOUBLE, MPI_DOUBLE, 0);
  with_type(file, "Fortran's integer", MPI_INTEGER, MPI_INTEGER, 0);
  MPI_Type_contiguous(3, MPI_INT, &type);
  with_type(file, "contiguous", MPI_INT, type, 1);
  MPI_Type_vector(3, 2, 4, MPI_INTEGER, &type);
  with_type(file, "vector", MPI_INTEGER, type, 1);
  MPI_Type_dup(MPI_INT, &type);
  with_type(file, "dup", MPI_INT, type, 1);
  arrays(file);
  nested(file);
  MPI_File_close(&file);
  MPI_Finalize();
  return 0;
}
