// SPDX-License-Identifier: Apache-2.0
// every_collective: the collective calls of MPI that make, use and free communicators, files and windows, one row each.
// A row's round calls its function once or twice, as all ranks do at the same time, and checks what it gives.
#pragma once

#include <mpi.h>

struct call {
  const char* name;
  void (*round)(int n);  // n: the same number at all ranks, another each time
};

// They end with a row without a name.
extern const struct call communicator_calls[], connection_calls[], file_calls[], window_calls[], process_calls[];

extern int rank, size;  // in MPI_COMM_WORLD
extern MPI_Comm copy;   // of MPI_COMM_WORLD

// Counts what is wrong, and says it the first time.
void expect(int condition, const char* what);
// Uses up to some tenths of a millisecond, each rank another time.
void come_late(void);
// What ranks can be told from, in round n.
static inline int number_of(int n, int of_rank) { return n * 100 + of_rank; }

// The part of a process that process_calls have started: does what its parents expect, and ends.
void be_child(MPI_Comm parents);
