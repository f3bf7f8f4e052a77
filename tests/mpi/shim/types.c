/* SPDX-License-Identifier: Apache-2.0 */
/* Datatypes: constructors, what they are made of, sizes, names, packing, use after free. */
#include "say.h"

static void describe(const char *what, MPI_Datatype type) {
  int size, ni, na, nd, combiner;
  MPI_Aint lb, extent, true_lb, true_extent;
  MPI_Type_size(type, &size);
  MPI_Type_get_extent(type, &lb, &extent);
  MPI_Type_get_true_extent(type, &true_lb, &true_extent);
  MPI_Type_get_envelope(type, &ni, &na, &nd, &combiner);
  say("%s size %d lb %ld extent %ld true %ld %ld envelope %d %d %d %d", what, size, (long)lb, (long)extent,
      (long)true_lb, (long)true_extent, ni, na, nd, combiner);
  if (combiner == MPI_COMBINER_NAMED) return;
  int integers[64];
  MPI_Aint addresses[64];
  MPI_Datatype types[64];
  MPI_Type_get_contents(type, ni, na, nd, integers, addresses, types);
  for (int i = 0; i < ni; i++) say("  integer %d", integers[i]);
  for (int i = 0; i < na; i++) say("  address %ld", (long)addresses[i]);
  for (int i = 0; i < nd; i++) {
    int inner_ni, inner_na, inner_nd, inner;
    MPI_Type_get_envelope(types[i], &inner_ni, &inner_na, &inner_nd, &inner);
    say("  part: combiner %d, is int %d, is double %d", inner, types[i] == MPI_INT, types[i] == MPI_DOUBLE);
    if (inner != MPI_COMBINER_NAMED) MPI_Type_free(&types[i]);
  }
}

static void check(const char *what, MPI_Datatype type) {
  describe(what, type);
  MPI_Datatype handle = type;
  SAY(MPI_Type_commit(&handle));
  char in[4096], packed[8192], out[4096];
  for (int i = 0; i < 4096; i++) in[i] = (char)i, out[i] = 0;
  int size, position = 0;
  MPI_Pack_size(1, type, MPI_COMM_WORLD, &size);
  MPI_Pack(in + 512, 1, type, packed, sizeof packed, &position, MPI_COMM_WORLD);
  say("packed %d of %d", position, size);
  int sum = 0;
  for (int i = 0; i < position; i++) sum = sum * 31 + packed[i];
  say("bytes %d", sum);
  MPI_Status status;
  MPI_Sendrecv(in + 512, 1, type, say_rank, 3, out + 512, 1, type, say_rank, 3, MPI_COMM_WORLD, &status);
  int count = -1, elements = -1;
  MPI_Get_count(&status, type, &count);
  MPI_Get_elements(&status, type, &elements);
  sum = 0;
  for (int i = 0; i < 4096; i++) sum = sum * 31 + out[i];
  say("received %d %d bytes %d", count, elements, sum);
}

static void constructors(void) {
  MPI_Datatype t, u, v;
  int lengths[3] = {1, 2, 3}, displacements[3] = {0, 4, 9};
  MPI_Aint bytes[3] = {0, 40, 100};
  MPI_Datatype parts[3] = {MPI_INT, MPI_DOUBLE, MPI_CHAR};
  MPI_Type_contiguous(5, MPI_INT, &t);
  check("contiguous", t);
  MPI_Type_vector(3, 2, 4, t, &u);
  MPI_Type_free(&t);
  say("freed is null %d", t == MPI_DATATYPE_NULL);
  check("vector of a freed one", u);
  MPI_Type_dup(u, &v);
  MPI_Type_free(&u);
  check("dup", v);
  MPI_Type_free(&v);
  MPI_Type_create_hvector(3, 2, 24, MPI_DOUBLE, &t);
  check("hvector", t);
  MPI_Type_free(&t);
  MPI_Type_indexed(3, lengths, displacements, MPI_INT, &t);
  check("indexed", t);
  MPI_Type_free(&t);
  MPI_Type_create_hindexed(3, lengths, bytes, MPI_DOUBLE, &t);
  check("hindexed", t);
  MPI_Type_free(&t);
  MPI_Type_create_indexed_block(3, 2, displacements, MPI_INT, &t);
  check("indexed_block", t);
  MPI_Type_free(&t);
  MPI_Type_create_hindexed_block(3, 2, bytes, MPI_INT, &t);
  check("hindexed_block", t);
  MPI_Type_free(&t);
  MPI_Type_create_struct(3, lengths, bytes, parts, &t);
  check("struct", t);
  MPI_Type_create_resized(t, -8, 256, &u);
  MPI_Type_free(&t);
  check("resized", u);
  MPI_Type_free(&u);
}

static void arrays(void) {
  MPI_Datatype t;
  int sizes[2] = {8, 6}, sub[2] = {3, 2}, starts[2] = {2, 1};
  MPI_Type_create_subarray(2, sizes, sub, starts, MPI_ORDER_C, MPI_INT, &t);
  check("subarray", t);
  MPI_Type_free(&t);
  MPI_Type_create_subarray(2, sizes, sub, starts, MPI_ORDER_FORTRAN, MPI_DOUBLE, &t);
  check("subarray fortran", t);
  MPI_Type_free(&t);
  int distribs[2] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC}, dargs[2] = {MPI_DISTRIBUTE_DFLT_DARG, 2},
      psizes[2] = {2, 2};
  MPI_Type_create_darray(4, say_rank % 4, 2, sizes, distribs, dargs, psizes, MPI_ORDER_C, MPI_INT, &t);
  check("darray", t);
  MPI_Type_free(&t);
}

static void parametrised(void) {
  MPI_Datatype a, b;
  SAY(MPI_Type_create_f90_real(6, 30, &a));
  SAY(MPI_Type_create_f90_real(6, 30, &b));
  say("same %d", a == b);
  describe("f90_real", a);
  SAY(MPI_Type_create_f90_integer(9, &a));
  describe("f90_integer", a);
  SAY(MPI_Type_create_f90_complex(15, 300, &a));
  describe("f90_complex", a);
  SAY(MPI_Type_match_size(MPI_TYPECLASS_REAL, 8, &a));
  char name[MPI_MAX_OBJECT_NAME];
  int length;
  MPI_Type_get_name(a, name, &length);
  say("match_size gives %s", name);
}

static void names_and_errors(void) {
  char name[MPI_MAX_OBJECT_NAME];
  int length;
  MPI_Datatype t = MPI_DATATYPE_NULL;
  MPI_Type_get_name(MPI_INT, name, &length);
  say("name %s %d", name, length);
  MPI_Type_get_name(MPI_DOUBLE_INT, name, &length);
  say("name %s %d", name, length);
  MPI_Type_contiguous(2, MPI_INT, &t);
  MPI_Type_get_name(t, name, &length);
  say("name '%s' %d", name, length);
  MPI_Type_set_name(t, "pair");
  MPI_Type_get_name(t, name, &length);
  say("name '%s' %d", name, length);
  MPI_Type_free(&t);
  SAY(MPI_Type_free(&t));
  t = MPI_INT;
  SAY(MPI_Type_free(&t));
  SAY(MPI_Type_contiguous(-1, MPI_INT, &t));
  SAY(MPI_Type_contiguous(1, MPI_DATATYPE_NULL, &t));
  SAY(MPI_Type_commit(NULL));
  int x = 0;
  SAY(MPI_Type_size(MPI_DATATYPE_NULL, &x));
  SAY(MPI_Type_size(MPI_INT, NULL));
  MPI_Type_contiguous(2, MPI_INT, &t);
  SAY(MPI_Bcast(&x, 1, t, 0, MPI_COMM_SELF));
  MPI_Type_free(&t);
  for (int i = 0; i < 20000; i++) {
    MPI_Type_vector(4, 1, 2, MPI_INT, &t);
    MPI_Type_commit(&t);
    MPI_Type_free(&t);
  }
}

static void external(void) {
  int values[4] = {1, 2, 3, 4}, back[4] = {0};
  char buffer[64];
  MPI_Aint size, position = 0;
  MPI_Pack_external_size("external32", 4, MPI_INT, &size);
  SAY(MPI_Pack_external("external32", values, 4, MPI_INT, buffer, sizeof buffer, &position));
  say("size %ld position %ld bytes %d %d %d %d", (long)size, (long)position, buffer[0], buffer[3], buffer[4],
      buffer[7]);
  position = 0;
  SAY(MPI_Unpack_external("external32", buffer, size, &position, back, 4, MPI_INT));
  say("back %d %d %d %d", back[0], back[1], back[2], back[3]);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  constructors();
  arrays();
  parametrised();
  names_and_errors();
  external();
  MPI_Finalize();
  return 0;
}
