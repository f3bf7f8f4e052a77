// SPDX-License-Identifier: Apache-2.0
// What an intercommunicator is and has: groups, name, attribute, error handler, Fortran's integer.
#include <string.h>

#include "intercomms.h"

static int key, errors, value = 17;
static MPI_Fint integer;
static MPI_Comm copy;
static MPI_Group kept;

static void on_error(MPI_Comm* comm, int* code, ...) { ++errors; }

void properties_begin(const Between* b) {
  MPI_Errhandler handler;
  MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &key, NULL);
  MPI_Comm_set_attr(b->comm, key, &value);
  MPI_Comm_set_name(b->comm, "across");
  MPI_Comm_create_errhandler(on_error, &handler);
  MPI_Comm_set_errhandler(b->comm, handler);
  MPI_Errhandler_free(&handler);
  integer = MPI_Comm_c2f(b->comm);
  MPI_Comm_dup(b->comm, &copy);
  MPI_Comm_remote_group(b->comm, &kept);
}

static void check_group(const Between* b, MPI_Group group, int side, int expected) {
  MPI_Group all;
  int size, found;
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  MPI_Group_size(group, &size);
  check(size == expected, "the size of a group");
  for (int i = 0; i < size; ++i) {
    MPI_Group_translate_ranks(group, 1, &i, all, &found);
    check(found == member(b, side, i), "the members of a group");
  }
  MPI_Group_free(&all);
}

static void check_has(MPI_Comm comm) {
  void* found = NULL;
  int flag;
  MPI_Comm_get_attr(comm, key, &found, &flag);
  check(flag && found == &value, "an attribute");
  const int before = errors;
  check(MPI_Bcast(&flag, 1, MPI_INT, 1000, comm) != MPI_SUCCESS && errors == before + 1, "the error handler");
}

void properties_check(const Between* b) {
  MPI_Group group;
  int inter, rank, size, others, length, same;
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Comm_test_inter(b->comm, &inter);
  MPI_Comm_rank(b->comm, &rank);
  MPI_Comm_size(b->comm, &size);
  MPI_Comm_remote_size(b->comm, &others);
  check(inter && rank == b->me && size == b->own && others == b->others, "rank and sizes");
  MPI_Comm_remote_group(b->comm, &group);
  check_group(b, group, 1 - b->side, b->others);
  check_group(b, kept, 1 - b->side, b->others);
  MPI_Group_free(&group);
  MPI_Comm_group(b->comm, &group);
  check_group(b, group, b->side, b->own);
  MPI_Group_free(&group);
  MPI_Comm_get_name(b->comm, name, &length);
  check(strcmp(name, "across") == 0, "the name");
  check_has(b->comm);
  check_has(copy);
  check(MPI_Comm_f2c(integer) == b->comm, "Fortran's integer");
  MPI_Comm_compare(b->comm, copy, &same);
  check(same == MPI_CONGRUENT, "the comparison with a duplicate");
}
