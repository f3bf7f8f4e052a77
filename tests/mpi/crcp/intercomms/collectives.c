// SPDX-License-Identifier: Apache-2.0
// Collectives, blocking and begun: each group gets what the other one has, roots are in either group.
#include <stdlib.h>

#include "intercomms.h"

enum { kMost = 16, kBegun = 6 };

// What a member says in this round.
static int value_of(int round, int rank) { return round * 100 + rank; }

static int sum_of(const Between* b, int side, int round) {
  const int size = side == b->side ? b->own : b->others;
  return size * round * 100 + sum_of_side(b, side);
}

// MPI_ROOT, MPI_PROC_NULL or a rank: `rank` of the group `side` is the root.
static int root_for(const Between* b, int side, int rank) {
  if (b->side != side) return rank;
  return b->me == rank ? MPI_ROOT : MPI_PROC_NULL;
}

static int size_of(const Between* b, int side) { return side == b->side ? b->own : b->others; }

static void rooted(const Between* b, int round) {
  const int side = round / 2 % 2, rank = round % size_of(b, side), root = root_for(b, side, rank);
  int mine = value_of(round, world_rank), got = -1, many[kMost];
  if (root == MPI_ROOT) got = mine;
  MPI_Bcast(&got, 1, MPI_INT, root, b->comm);
  if (b->side != side) check(got == value_of(round, member(b, side, rank)), "MPI_Bcast");
  MPI_Reduce(&mine, &got, 1, MPI_INT, MPI_SUM, root, b->comm);
  if (root == MPI_ROOT) check(got == sum_of(b, 1 - side, round), "MPI_Reduce");
  MPI_Gather(&mine, 1, MPI_INT, many, 1, MPI_INT, root, b->comm);
  for (int i = 0; root == MPI_ROOT && i < b->others; ++i)
    check(many[i] == value_of(round, member(b, 1 - side, i)), "MPI_Gather");
  for (int i = 0; i < kMost; ++i) many[i] = mine + i;
  MPI_Scatter(many, 1, MPI_INT, &got, 1, MPI_INT, root, b->comm);
  if (b->side != side) check(got == value_of(round, member(b, side, rank)) + b->me, "MPI_Scatter");
}

static void symmetric(const Between* b, int round) {
  int mine = value_of(round, world_rank), got = -1, out[kMost], in[kMost], ones[kMost], places[kMost];
  MPI_Allreduce(&mine, &got, 1, MPI_INT, MPI_SUM, b->comm);
  check(got == sum_of(b, 1 - b->side, round), "MPI_Allreduce");
  MPI_Allgather(&mine, 1, MPI_INT, in, 1, MPI_INT, b->comm);
  for (int i = 0; i < b->others; ++i) check(in[i] == value_of(round, member(b, 1 - b->side, i)), "MPI_Allgather");
  for (int i = 0; i < kMost; ++i) out[i] = mine * 50 + i, ones[i] = 1, places[i] = i;
  MPI_Alltoall(out, 1, MPI_INT, in, 1, MPI_INT, b->comm);
  for (int i = 0; i < b->others; ++i)
    check(in[i] == value_of(round, member(b, 1 - b->side, i)) * 50 + b->me, "MPI_Alltoall");
  MPI_Alltoallv(out, ones, places, MPI_INT, in, ones, places, MPI_INT, b->comm);
  for (int i = 0; i < b->others; ++i)
    check(in[i] == value_of(round, member(b, 1 - b->side, i)) * 50 + b->me, "MPI_Alltoallv");
}

void collectives_round(const Between* b, int round) {
  rooted(b, round);
  symmetric(b, round);
  MPI_Barrier(b->comm);
}

// Begun in one round, completed in the next one.
static struct {
  const Between* on;
  MPI_Request requests[kBegun];
  int mine, sum, many[kMost], all[kMost], root_side, from_root, gathered[kMost];
  int round;
} begun;

static void begin(const Between* b, int round) {
  const int root = root_for(b, begun.root_side = round % 2, 0);
  begun.on = b;
  begun.round = round;
  begun.mine = value_of(round, world_rank);
  if (root == MPI_ROOT) begun.from_root = begun.mine;
  MPI_Iallreduce(&begun.mine, &begun.sum, 1, MPI_INT, MPI_SUM, b->comm, &begun.requests[0]);
  MPI_Ibarrier(b->comm, &begun.requests[1]);
  MPI_Iallgather(&begun.mine, 1, MPI_INT, begun.all, 1, MPI_INT, b->comm, &begun.requests[2]);
  MPI_Ibcast(&begun.from_root, 1, MPI_INT, root, b->comm, &begun.requests[3]);
  for (int i = 0; i < kMost; ++i) begun.many[i] = begun.mine;
  MPI_Ialltoall(MPI_IN_PLACE, 1, MPI_INT, begun.many, 1, MPI_INT, MPI_COMM_SELF, &begun.requests[4]);
  MPI_Igather(&begun.mine, 1, MPI_INT, begun.gathered, 1, MPI_INT, root, b->comm, &begun.requests[5]);
}

static void complete(void) {
  const Between* b = begun.on;
  if (b == NULL) return;
  MPI_Waitall(kBegun, begun.requests, MPI_STATUSES_IGNORE);
  check(begun.sum == sum_of(b, 1 - b->side, begun.round), "MPI_Iallreduce");
  for (int i = 0; i < b->others; ++i)
    check(begun.all[i] == value_of(begun.round, member(b, 1 - b->side, i)), "MPI_Iallgather");
  if (b->side != begun.root_side)
    check(begun.from_root == value_of(begun.round, member(b, begun.root_side, 0)), "MPI_Ibcast");
  else if (b->me == 0)
    for (int i = 0; i < b->others; ++i)
      check(begun.gathered[i] == value_of(begun.round, member(b, 1 - b->side, i)), "MPI_Igather");
}

void requests_round(const Between* b, int round) {
  complete();
  begin(b, round);
}

void requests_end(void) { complete(); }
