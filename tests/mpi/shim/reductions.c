/* SPDX-License-Identifier: Apache-2.0 */
/* Collectives and reduction operations, the application's own included. */
#include "say.h"

static int calls;

static void matrix(void *in, void *inout, int *length, MPI_Datatype *type) {
  const double *a = in;
  double *b = inout;
  int size;
  MPI_Type_size(*type, &size);
  if (calls++ == 0) say("size in operation %d", size);
  for (int i = 0; i < *length; i++, a += 4, b += 4) {
    const double r[4] = {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
                         a[2] * b[1] + a[3] * b[3]};
    memcpy(b, r, sizeof r);
  }
}

static void plus(void *in, void *inout, int *length, MPI_Datatype *type) {
  say("type is int %d", *type == MPI_INT);
  for (int i = 0; i < *length; i++) ((int *)inout)[i] += ((int *)in)[i];
}

/* More than a table of a few thousand would have, all alive; the first, the last and some in between are used. */
static void many_alive(int n) {
  enum { kMany = 5000 };
  static MPI_Op ops[kMany];
  int made = 0, right = 0, x = 1, y;
  while (made < kMany && MPI_Op_create(plus, 1, &ops[made]) == MPI_SUCCESS) made++;
  for (int i = 0; i < made; i += 833) {
    y = 0;
    MPI_Allreduce(&x, &y, 1, MPI_INT, ops[i], MPI_COMM_WORLD);
    right += y == n;
  }
  say("%d operations, %d right", made, right);
  for (int i = 0; i < made; i++) MPI_Op_free(&ops[i]);
}

static void own_operations(int n) {
  MPI_Op op, add, many[1500];
  MPI_Datatype type;
  double m[4] = {1 + say_rank, 2, 0, 1}, r[4] = {0};
  int commutes, x = say_rank, y = -1;
  MPI_Type_contiguous(4, MPI_DOUBLE, &type);
  MPI_Type_commit(&type);
  MPI_Op_create(matrix, 0, &op);
  MPI_Op_create(plus, 1, &add);
  MPI_Op_commutative(op, &commutes);
  say("commutes %d", commutes);
  MPI_Op_commutative(MPI_SUM, &commutes);
  say("sum commutes %d", commutes);
  MPI_Reduce(m, r, 1, type, op, 0, MPI_COMM_WORLD);
  if (say_rank == 0) say("product %g %g %g %g", r[0], r[1], r[2], r[3]);
  MPI_Scan(m, r, 1, type, op, MPI_COMM_WORLD);
  say("scan %g %g", r[0], r[1]);
  MPI_Allreduce(&x, &y, 1, MPI_INT, add, MPI_COMM_WORLD);
  say("sum %d", y);
  MPI_Reduce_local(&x, &y, 1, MPI_INT, add);
  say("local %d", y);
  MPI_Request request;
  MPI_Iallreduce(&x, &y, 1, MPI_INT, add, MPI_COMM_WORLD, &request);
  MPI_Op_free(&add);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  say("isum %d %d", y, add == MPI_OP_NULL);
  MPI_Op_free(&op);
  MPI_Type_free(&type);
  for (int i = 0; i < 1500; i++) {
    MPI_Op_create(plus, 1, &many[i]);
    MPI_Op_free(&many[i]);
  }
  many_alive(n);
  SAY(MPI_Op_free(&op));
  op = MPI_SUM;
  SAY(MPI_Op_free(&op));
}

static void collectives(int n) {
  int *all = calloc((size_t)n * 4, sizeof(int)), *out = calloc((size_t)n * 4, sizeof(int)),
      *counts = calloc(n, sizeof(int)), *where = calloc(n, sizeof(int)), x = say_rank + 1, sum = 0;
  MPI_Gather(&x, 1, MPI_INT, all, 1, MPI_INT, 0, MPI_COMM_WORLD);
  for (int i = 0; i < n; i++) sum = sum * 7 + all[i];
  say("gather %d", sum);
  MPI_Scatter(all, 1, MPI_INT, &x, 1, MPI_INT, 0, MPI_COMM_WORLD);
  say("scatter %d", x);
  MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, 1, MPI_INT, MPI_COMM_WORLD);
  for (int i = 0; i < n; i++) counts[i] = 1, where[i] = i, out[i] = say_rank * 100 + i;
  MPI_Alltoall(out, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
  say("alltoall %d %d", all[0], all[n - 1]);
  MPI_Alltoallv(out, counts, where, MPI_INT, all, counts, where, MPI_INT, MPI_COMM_WORLD);
  say("alltoallv %d", all[n - 1]);
  MPI_Datatype *types = malloc(n * sizeof *types);
  for (int i = 0; i < n; i++) types[i] = MPI_INT, where[i] = 4 * i;
  MPI_Alltoallw(out, counts, where, types, all, counts, where, types, MPI_COMM_WORLD);
  say("alltoallw %d", all[n - 1]);
  MPI_Request request;
  MPI_Ialltoallw(out, counts, where, types, all, counts, where, types, MPI_COMM_WORLD, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  say("ialltoallw %d", all[0]);
  MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  say("in place max %d", x);
  struct {
    double value;
    int place;
  } pair = {-say_rank, say_rank}, best;
  MPI_Allreduce(&pair, &best, 1, MPI_DOUBLE_INT, MPI_MINLOC, MPI_COMM_WORLD);
  say("minloc %g %d", best.value, best.place);
  MPI_Exscan(&say_rank, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (say_rank > 0) say("exscan %d", x);
  MPI_Reduce_scatter_block(out, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  say("reduce_scatter_block %d", x);
  MPI_Reduce_scatter(out, &x, counts, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  say("reduce_scatter %d", x);
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  int flag = 0;
  while (!flag) MPI_Test(&request, &flag, MPI_STATUS_IGNORE);
  say("ibarrier %d", request == MPI_REQUEST_NULL);
  MPI_Ibcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  say("ibcast %d", x);
  free(all), free(out), free(counts), free(where), free(types);
}

static void negative(void *in, void *inout, int *length, MPI_Datatype *type) {
  for (int i = 0; i < *length; i++) ((int *)inout)[i] = -99;
}

/* Freed while the library still calls it, and its handle given out again: each of them with its own function. */
static void freed_while_pending(int n) {
  int one = say_rank + 1, out[4] = {0, 0, 0, 0}, wrong = 0;
  for (int round = 0; round < 200; round++) {
    MPI_Op pending, other;
    MPI_Request requests[4];
    int parts[64];
    for (int i = 0; i < n; i++) parts[i] = one;
    MPI_Op_create(plus, 1, &pending);
    MPI_Iallreduce(&one, &out[0], 1, MPI_INT, pending, MPI_COMM_WORLD, &requests[0]);
    MPI_Ireduce(&one, &out[1], 1, MPI_INT, pending, round % n, MPI_COMM_WORLD, &requests[1]);
    MPI_Iscan(&one, &out[2], 1, MPI_INT, pending, MPI_COMM_WORLD, &requests[2]);
    MPI_Ireduce_scatter_block(parts, &out[3], 1, MPI_INT, pending, MPI_COMM_WORLD, &requests[3]);
    MPI_Op_free(&pending);
    MPI_Op_create(negative, 1, &other);
    MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
    MPI_Op_free(&other);
    const int all = n * (n + 1) / 2, so_far = (say_rank + 1) * (say_rank + 2) / 2;
    wrong += out[0] != all || (say_rank == round % n && out[1] != all) || out[2] != so_far || out[3] != all;
  }
  say("freed while pending: %d wrong", wrong);
}

static int query(void *extra, MPI_Status *status) {
  MPI_Status_set_elements(status, MPI_INT, 3);
  MPI_Status_set_cancelled(status, 0);
  status->MPI_SOURCE = 5, status->MPI_TAG = 6;
  say("query %ld", (long)extra);
  return MPI_SUCCESS;
}
static int release(void *extra) { return say("free %ld", (long)extra), MPI_SUCCESS; }
static int cancel(void *extra, int complete) { return say("cancel %ld %d", (long)extra, complete), MPI_SUCCESS; }

static void generalized(void) {
  MPI_Request request;
  MPI_Status status;
  int count, flag;
  MPI_Grequest_start(query, release, cancel, (void *)11, &request);
  MPI_Test(&request, &flag, &status);
  say("before %d", flag);
  MPI_Cancel(&request);
  MPI_Grequest_complete(request);
  MPI_Wait(&request, &status);
  MPI_Get_count(&status, MPI_INT, &count);
  say("count %d source %d tag %d null %d", count, status.MPI_SOURCE, status.MPI_TAG, request == MPI_REQUEST_NULL);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int n;
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  own_operations(n);
  collectives(n);
  freed_while_pending(n);
  generalized();
  MPI_Finalize();
  return 0;
}
