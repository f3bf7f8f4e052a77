// SPDX-License-Identifier: Apache-2.0
// crcp_intercomms PARTS [UNTIL]: rounds with the parts of these letters: i(dle), m(essages), c(ollectives), r(equests),
// n(ew ones made of it). Rank 0 says "round N" in each tenth. When the file UNTIL is there, or after 30 rounds
// without one, all is completed; prints PASS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intercomms.h"

enum { kSay = 10, kRounds = 30 };

int world_rank, world_size;

void check(int right, const char* what) {
  if (right) return;
  printf("FAIL rank %d: %s\n", world_rank, what);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

int member(const Between* b, int side, int rank) { return side == 0 ? rank : world_size - 1 - rank; }

int sum_of_side(const Between* b, int side) {
  const int size = side == 0 ? b->cut : world_size - b->cut;
  int sum = 0;
  for (int i = 0; i < size; ++i) sum += member(b, side, i);
  return sum;
}

Between between_of(MPI_Comm comm, int side, int cut) {
  Between b = {comm, side, cut, 0, 0, 0};
  MPI_Comm_rank(comm, &b.me);
  MPI_Comm_size(comm, &b.own);
  MPI_Comm_remote_size(comm, &b.others);
  return b;
}

// The leaders are the last members.
Between between(int cut, int tag) {
  const int side = world_rank < cut ? 0 : 1;
  MPI_Comm half, comm;
  int size;
  MPI_Comm_split(MPI_COMM_WORLD, side, side == 0 ? world_rank : -world_rank, &half);
  MPI_Comm_size(half, &size);
  MPI_Intercomm_create(half, size - 1, MPI_COMM_WORLD, side == 0 ? cut : cut - 1, tag, &comm);
  MPI_Comm_free(&half);
  return between_of(comm, side, cut);
}

static int is_over(const char* until, int round) {
  int over = 0;
  if (world_rank == 0) over = until == NULL ? round == kRounds : access(until, F_OK) == 0;
  MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
  return over;
}

// Ranks are not in step.
static void compute(int round) {
  volatile double x = 1;
  const int length = (world_rank * 7919 + round * 104729) % 50000;
  for (int i = 0; i < length; ++i) x = x * 1.0000001 + 1e-9;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world_size);
  const char *parts = argv[1], *until = argc > 2 ? argv[2] : NULL;
  Between wide = between(world_size / 2, 3), narrow = between(1, 4);
  properties_begin(&wide);
  int round = 0;
  for (int over = 0; !over; ++round) {
    compute(round);
    if (strchr(parts, 'm') != NULL) messages_round(&wide, round);
    if (strchr(parts, 'c') != NULL) collectives_round(round % 2 == 0 ? &wide : &narrow, round);
    if (strchr(parts, 'r') != NULL) requests_round(&narrow, round);
    if (strchr(parts, 'n') != NULL) makers_round(&wide, round);
    properties_check(&wide);
    if (round % kSay != 0) continue;
    over = is_over(until, round);
    if (world_rank == 0) printf("round %d\n", round), fflush(stdout);
  }
  if (strchr(parts, 'm') != NULL) messages_end(&wide, round);
  if (strchr(parts, 'r') != NULL) requests_end();
  properties_check(&wide);
  MPI_Comm_free(&wide.comm);
  MPI_Comm_free(&narrow.comm);
  MPI_Finalize();
  if (world_rank == 0) puts("PASS");
  return 0;
}
