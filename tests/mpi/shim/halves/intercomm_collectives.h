/* SPDX-License-Identifier: Apache-2.0 */
/* Every collective over the intercommunicator of intercomms.c, blocking or begun, with its root in either group. What
 * arrives says who sent it, and for whom. */
#ifndef CAIRN_TESTS_SHIM_INTERCOMM_COLLECTIVES_H
#define CAIRN_TESTS_SHIM_INTERCOMM_COLLECTIVES_H

#include "halves.h"

enum { MOST = 64 };

static MPI_Comm inter;
static int side, me, own, others; /* ranks of `inter` */

/* The first third of the ranks is one group. */
static int first_of(int s) { return s == 0 ? 0 : (size + 2) / 3; }
static int end_of(int s) { return s == 0 ? (size + 2) / 3 : size; }
static int world_rank_of(int s, int r) { return first_of(s) + r; }

enum {
  BCAST,
  GATHER,
  GATHERV,
  SCATTER,
  SCATTERV,
  REDUCE,
  ALLGATHER,
  ALLGATHERV,
  ALLTOALL,
  ALLTOALLV,
  ALLTOALLW,
  ALLREDUCE,
  REDUCE_SCATTER,
  REDUCE_SCATTER_BLOCK,
  BARRIER,
  OPS
};

typedef struct {
  int op, round, root_side, root, out[MOST], in[MOST], ones[MOST], places[MOST], blocks[MOST], bytes[MOST];
  MPI_Datatype types[MOST];
  MPI_Request request;
} Call;

static int said_by(int s, int r, int to, int round) { return round * 100000 + world_rank_of(s, r) * 100 + to; }

static int sum_said(int to, int round) {
  int sum = 0;
  for (int r = 0; r < others; r++) sum += said_by(1 - side, r, to, round);
  return sum;
}

static int is_root(const Call *c) { return c->root == MPI_ROOT; }

static void prepare(Call *c, int op, int root_side, int round) {
  const int last = end_of(root_side) - first_of(root_side) - 1;
  c->op = op;
  c->round = round;
  c->root_side = root_side;
  c->root = side != root_side ? last : me == last ? MPI_ROOT : MPI_PROC_NULL;
  for (int i = 0; i < MOST; i++) {
    c->out[i] = said_by(side, me, i, round);
    c->in[i] = -1;
    c->ones[i] = 1;
    c->places[i] = others - 1 - i; /* the last one first */
    c->bytes[i] = c->places[i] * (int)sizeof(int);
    c->blocks[i] = others;
    c->types[i] = MPI_INT;
  }
  if (op == BCAST && is_root(c)) c->in[0] = c->out[0];
}

#define RUN(blocking, begun, ...) OK(begin ? begun(__VA_ARGS__, &c->request) : blocking(__VA_ARGS__))
static void run_rooted(Call *c, int begin) {
  const int root = c->root;
  switch (c->op) {
    case BCAST:
      RUN(MPI_Bcast, MPI_Ibcast, c->in, 1, MPI_INT, root, inter);
      break;
    case GATHER:
      RUN(MPI_Gather, MPI_Igather, c->out, 1, MPI_INT, c->in, 1, MPI_INT, root, inter);
      break;
    case GATHERV:
      RUN(MPI_Gatherv, MPI_Igatherv, c->out, 1, MPI_INT, c->in, c->ones, c->places, MPI_INT, root, inter);
      break;
    case SCATTER:
      RUN(MPI_Scatter, MPI_Iscatter, c->out, 1, MPI_INT, c->in, 1, MPI_INT, root, inter);
      break;
    case SCATTERV:
      RUN(MPI_Scatterv, MPI_Iscatterv, c->out, c->ones, c->places, MPI_INT, c->in, 1, MPI_INT, root, inter);
      break;
    default:
      RUN(MPI_Reduce, MPI_Ireduce, c->out, c->in, 1, MPI_INT, MPI_SUM, root, inter);
  }
}

static void run(Call *c, int begin) {
  int *ones = c->ones, *places = c->places, *bytes = c->bytes;
  switch (c->op) {
    case ALLGATHER:
      RUN(MPI_Allgather, MPI_Iallgather, c->out, 1, MPI_INT, c->in, 1, MPI_INT, inter);
      break;
    case ALLGATHERV:
      RUN(MPI_Allgatherv, MPI_Iallgatherv, c->out, 1, MPI_INT, c->in, ones, places, MPI_INT, inter);
      break;
    case ALLTOALL:
      RUN(MPI_Alltoall, MPI_Ialltoall, c->out, 1, MPI_INT, c->in, 1, MPI_INT, inter);
      break;
    case ALLTOALLV:
      RUN(MPI_Alltoallv, MPI_Ialltoallv, c->out, ones, places, MPI_INT, c->in, ones, places, MPI_INT, inter);
      break;
    case ALLTOALLW:
      RUN(MPI_Alltoallw, MPI_Ialltoallw, c->out, ones, bytes, c->types, c->in, ones, bytes, c->types, inter);
      break;
    case ALLREDUCE:
      RUN(MPI_Allreduce, MPI_Iallreduce, c->out, c->in, 1, MPI_INT, MPI_SUM, inter);
      break;
    case REDUCE_SCATTER:
      RUN(MPI_Reduce_scatter, MPI_Ireduce_scatter, c->out, c->in, c->blocks, MPI_INT, MPI_SUM, inter);
      break;
    case REDUCE_SCATTER_BLOCK:
      RUN(MPI_Reduce_scatter_block, MPI_Ireduce_scatter_block, c->out, c->in, others, MPI_INT, MPI_SUM, inter);
      break;
    case BARRIER:
      RUN(MPI_Barrier, MPI_Ibarrier, inter);
      break;
    default:
      run_rooted(c, begin);
  }
}

/* What this rank has in place `i`; -1: nothing. */
static int expected(const Call *c, int i) {
  const int round = c->round, there = others - 1 - i, from = 1 - side;
  const int is_below = i < others, gets = c->root_side != side;
  switch (c->op) {
    case BCAST:
      return i > 0 ? -1 : gets ? said_by(from, c->root, 0, round) : is_root(c) ? c->out[0] : -1;
    case GATHER:
      return is_root(c) && is_below ? said_by(from, i, 0, round) : -1;
    case GATHERV:
      return is_root(c) && is_below ? said_by(from, there, 0, round) : -1;
    case SCATTER:
      return gets && i == 0 ? said_by(from, c->root, me, round) : -1;
    case SCATTERV:
      return gets && i == 0 ? said_by(from, c->root, own - 1 - me, round) : -1;
    case REDUCE:
      return is_root(c) && i == 0 ? sum_said(0, round) : -1;
    case ALLGATHER:
      return is_below ? said_by(from, i, 0, round) : -1;
    case ALLGATHERV:
      return is_below ? said_by(from, there, 0, round) : -1;
    case ALLTOALL:
      return is_below ? said_by(from, i, me, round) : -1;
    case ALLTOALLV:
    case ALLTOALLW:
      return is_below ? said_by(from, there, own - 1 - me, round) : -1;
    case ALLREDUCE:
      return i == 0 ? sum_said(0, round) : -1;
    case REDUCE_SCATTER:
    case REDUCE_SCATTER_BLOCK:
      return is_below ? sum_said(me * others + i, round) : -1;
  }
  return -1;
}

static void check_call(const Call *c) {
  for (int i = 0; i < MOST; i++)
    if (c->in[i] != expected(c, i)) {
      printf("halves: rank %d, collective %d, root in group %d: place %d has %d\n", rank, c->op, c->root_side, i,
             c->in[i]);
      CHECK(c->in[i] == expected(c, i));
    }
}

static Call begun[OPS][2];

static void collectives(int round) {
  static Call c;
  for (int op = 0; op < OPS; op++)
    for (int root_side = 0; root_side < 2; root_side++) {
      prepare(&c, op, root_side, round);
      run(&c, 0);
      check_call(&c);
    }
}

static void begin(int round) {
  for (int op = 0; op < OPS; op++)
    for (int root_side = 0; root_side < 2; root_side++) {
      prepare(&begun[op][root_side], op, root_side, round);
      run(&begun[op][root_side], 1);
    }
}

static void complete(void) {
  for (int op = OPS; op-- > 0;)
    for (int root_side = 0; root_side < 2; root_side++) {
      OK(MPI_Wait(&begun[op][root_side].request, MPI_STATUS_IGNORE));
      check_call(&begun[op][root_side]);
    }
}

#endif
