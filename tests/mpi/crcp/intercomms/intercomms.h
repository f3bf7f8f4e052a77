// SPDX-License-Identifier: Apache-2.0
// Rounds over intercommunicators. Each part checks itself.
#pragma once

#include <mpi.h>

extern int world_rank, world_size;

void check(int right, const char* what);  // ends the job with a line if not

// The two groups are the first `cut` ranks of MPI_COMM_WORLD and the others, these in reversed order.
typedef struct {
  MPI_Comm comm;
  int side, cut;
  int me, own, others;  // rank and size in the own group, size of the other one
} Between;

Between between(int cut, int tag);
Between between_of(MPI_Comm comm, int side, int cut);  // one that has been made otherwise, with the same groups
// World rank of a member of the other group (1 - side), or of the own one.
int member(const Between* b, int side, int rank);
int sum_of_side(const Between* b, int side);  // of world ranks

void properties_begin(const Between* b);
void properties_check(const Between* b);

void messages_round(const Between* b, int round);  // some of this round are received in later ones
void messages_end(const Between* b, int rounds);

void collectives_round(const Between* b, int round);
void requests_round(const Between* b, int round);  // completes those of the round before
void requests_end(void);

void makers_round(const Between* b, int round);
