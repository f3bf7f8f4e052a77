// SPDX-License-Identifier: Apache-2.0
// Communicators made of an intercommunicator. One of each kind lives over rounds, until the kind's next turn.
#include "intercomms.h"

enum { kKinds = 6 };

static struct {
  MPI_Comm comm;
  int expected;  // sum of the world ranks of the group that MPI_Allreduce gives
} made[kKinds];

static int parity_sum(const Between* b, int side, int parity) {
  const int size = side == b->side ? b->own : b->others;
  int sum = 0;
  for (int i = 0; i < size; ++i) sum += i % 2 == parity ? member(b, side, i) : 0;
  return sum;
}

// Each group without its last member, if both have more than one.
static MPI_Comm without_last(const Between* b, int* expected) {
  MPI_Group group, part;
  MPI_Comm comm;
  const int all = b->own < 2 || b->others < 2, last = b->own - 1;
  MPI_Comm_group(b->comm, &group);
  MPI_Group_excl(group, all ? 0 : 1, &last, &part);
  MPI_Comm_create(b->comm, part, &comm);
  MPI_Group_free(&group);
  MPI_Group_free(&part);
  *expected = sum_of_side(b, 1 - b->side) - (all ? 0 : member(b, 1 - b->side, b->others - 1));
  return comm;
}

static MPI_Comm split(const Between* b, int* expected) {
  MPI_Comm comm;
  const int parts = b->own > 1 && b->others > 1 ? 2 : 1, parity = b->me % parts;
  MPI_Comm_split(b->comm, parity, b->me, &comm);
  *expected = parts == 1 ? sum_of_side(b, 1 - b->side) : parity_sum(b, 1 - b->side, parity);
  return comm;
}

static MPI_Comm make(const Between* b, int kind, int* expected) {
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Request request;
  *expected = sum_of_side(b, 1 - b->side);
  switch (kind) {
    case 0:
      MPI_Comm_dup(b->comm, &comm);
      return comm;
    case 1:
      return split(b, expected);
    case 2:
      return without_last(b, expected);
    case 3:
      *expected = world_size * (world_size - 1) / 2;
      MPI_Intercomm_merge(b->comm, b->side, &comm);
      return comm;
    case 4:
      MPI_Comm_idup(b->comm, &comm, &request);
      MPI_Barrier(b->comm);
      MPI_Wait(&request, MPI_STATUS_IGNORE);
      return comm;
    default:
      return between(b->cut, 5).comm;
  }
}

static void use(int kind) {
  int sum = -1;
  if (made[kind].comm == MPI_COMM_NULL || made[kind].comm == NULL) return;
  MPI_Allreduce(&world_rank, &sum, 1, MPI_INT, MPI_SUM, made[kind].comm);
  check(sum == made[kind].expected, "MPI_Allreduce on one that was made");
}

void makers_round(const Between* b, int round) {
  const int kind = round % kKinds;
  use(kind);
  if (round >= kKinds && made[kind].comm != MPI_COMM_NULL) MPI_Comm_free(&made[kind].comm);
  made[kind].comm = make(b, kind, &made[kind].expected);
  use(kind);
  use((kind + 3) % kKinds);
}
