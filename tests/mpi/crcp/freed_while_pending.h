// SPDX-License-Identifier: Apache-2.0
// The rows of freed_while_pending.c: pending operations and what is freed while they are.
#pragma once

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  const char* name;  // null: the end of a table
  int late;          // a collective that is to be recorded
  void (*start)(void);
  void (*finish)(void);
} Row;

extern const Row messages[], persistents[], collectives[], objects[];

extern int rank, left, right, wrong;  // ranks in MPI_COMM_WORLD and its duplicates

// Says and counts what is not as it should be.
static inline void check_equal(const char* what, int got, int expected) {
  if (got == expected) return;
  ++wrong;
  printf("rank %d: %s is %d, not %d\n", rank, what, got, expected);
}

static inline MPI_Comm copy_of_world(void) {
  MPI_Comm copy;
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  return copy;
}

// Two integers with one between them.
static inline MPI_Datatype two_apart(void) {
  MPI_Datatype type;
  MPI_Type_vector(2, 1, 2, MPI_INT, &type);
  MPI_Type_commit(&type);
  return type;
}

// Communicators of late rows, made before anything is pending.
void prepare_late(void);
void prepare_late_persistent(void);
// MPI_Comm_free behind a collective that has not begun: waits for all ranks to come.
void free_while_recorded(void);
