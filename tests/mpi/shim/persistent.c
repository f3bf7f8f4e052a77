/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent collectives of every kind, with datatypes and operations that are freed, and arrays that are overwritten,
 * once they are made, next to persistent messages; each result is compared with the blocking call's.
 * persistent: a few rounds, which say what came out.
 * persistent FILE: rounds until FILE exists, with "round N" from time to time, then "persistent: ok after N rounds". */
// clang-format off
#include "say.h"
#include <mpi-ext.h>
// clang-format on

enum { kOps = 22, kCount = 3, kMost = 8, kRoom = 2 * kCount * kMost };

static int rank, size;
static int may_free; /* what they are made of, and active ones: not with Open MPI 4.1 alone */
static MPI_Comm ring;
static int in[kRoom], out[kOps][kRoom], expected[kRoom];
static int *counts, *places, *bytes, *displaced;
static MPI_Aint *far;
static MPI_Datatype pairs[kMost]; /* of each peer */
static MPI_Request requests[kOps + 2];
static const char *const names[kOps] = {
    "allgather",      "allgatherv", "allreduce", "alltoall",    "alltoallv", "alltoallw",  "barrier",
    "bcast",          "exscan",     "gather",    "gatherv",     "reduce",    "scatter",    "reduce block",
    "reduce scatter", "scan",       "scatterv",  "n allgather", "n gatherv", "n alltoall", "neighbour alltoallv",
    "n alltoallw"};

/* What calls get from here on. */
typedef struct {
  int counts[kMost], places[kMost], bytes[kMost], displaced[kMost];
  MPI_Aint far[kMost];
} Arrays;
static void use_arrays(Arrays *a) {
  counts = a->counts, places = a->places, bytes = a->bytes, displaced = a->displaced, far = a->far;
  for (int k = 0; k < size; k++) {
    counts[k] = 1 + k % 2;
    bytes[k] = kCount;
    places[k] = kCount * k;
    far[k] = displaced[k] = (int)(2 * sizeof(int) * kCount) * k;
  }
}

static void add(void *from, void *to, int *n, MPI_Datatype *type) {
  int elements;
  MPI_Type_size(*type, &elements);
  for (int i = 0; i < *n * elements / (int)sizeof(int); i++) ((int *)to)[i] += ((int *)from)[i];
}

/* What is called with the buffer o of operation i: its blocking form, or what makes the persistent one. */
#define BLOCKING(name, ...) MPI_##name(__VA_ARGS__)
#define PERSISTENT(name, ...) MPIX_##name##_init(__VA_ARGS__, MPI_INFO_NULL, request)
#define CALL(name, ...) (request == NULL ? BLOCKING(name, __VA_ARGS__) : PERSISTENT(name, __VA_ARGS__))

static int call_more(int i, int *o, MPI_Datatype type, MPI_Op op, MPI_Comm comm, MPI_Request *request) {
  switch (i) {
    case 11:
      return CALL(Reduce, in, o, kCount, MPI_INT, op, 0, comm);
    case 12:
      return CALL(Scatter, in, 1, type, o, 1, type, 1, comm);
    case 13:
      return CALL(Reduce_scatter_block, in, o, 2, MPI_INT, MPI_SUM, comm);
    case 14:
      return CALL(Reduce_scatter, in, o, counts, MPI_INT, MPI_SUM, comm);
    case 15:
      return CALL(Scan, in, o, kCount, MPI_INT, op, comm);
    case 16:
      return CALL(Scatterv, in, counts, places, MPI_INT, o, counts[rank], MPI_INT, 1, comm);
    case 17:
      return CALL(Neighbor_allgather, in, 1, type, o, 1, type, ring);
    case 18:
      return CALL(Neighbor_allgatherv, in, kCount, MPI_INT, o, bytes, places, MPI_INT, ring);
    case 19:
      return CALL(Neighbor_alltoall, in, 1, type, o, 1, type, ring);
    case 20:
      return CALL(Neighbor_alltoallv, in, bytes, places, MPI_INT, o, bytes, places, MPI_INT, ring);
    default:
      return CALL(Neighbor_alltoallw, in, bytes, far, pairs, o, bytes, far, pairs, ring);
  }
}

static int call(int i, int *o, MPI_Datatype type, MPI_Op op, MPI_Comm comm, MPI_Request *request) {
  switch (i) {
    case 0:
      return CALL(Allgather, in, 1, type, o, 1, type, comm);
    case 1:
      return CALL(Allgatherv, in, counts[rank], MPI_INT, o, counts, places, MPI_INT, comm);
    case 2:
      return CALL(Allreduce, in, o, 1, type, op, comm);
    case 3:
      return CALL(Alltoall, in, 1, type, o, 1, type, comm);
    case 4:
      return CALL(Alltoallv, in, bytes, places, MPI_INT, o, bytes, places, MPI_INT, comm);
    case 5:
      return CALL(Alltoallw, in, bytes, displaced, pairs, o, bytes, displaced, pairs, comm);
    case 6:
      return request == NULL ? MPI_Barrier(comm) : MPIX_Barrier_init(comm, MPI_INFO_NULL, request);
    case 7:
      if (request == NULL) memcpy(o, in, 2 * sizeof(int));
      return CALL(Bcast, o, 2, MPI_INT, 1, comm);
    case 8:
      return CALL(Exscan, in, o, kCount, MPI_INT, MPI_SUM, comm);
    case 9:
      return CALL(Gather, in, 1, type, o, 1, type, 0, comm);
    case 10:
      return CALL(Gatherv, in, counts[rank], MPI_INT, o, counts, places, MPI_INT, 0, comm);
    default:
      return call_more(i, o, type, op, comm, request);
  }
}

/* Types and operations of their own, which are freed at once. */
static void make(MPI_Request *request, int i, MPI_Comm comm) {
  MPI_Datatype type;
  MPI_Op op;
  MPI_Type_contiguous(2, MPI_INT, &type);
  MPI_Type_commit(&type);
  for (int k = 0; k < size; k++) MPI_Type_dup(type, &pairs[k]);
  MPI_Op_create(add, 0, &op);
  call(i, out[i], type, op, comm, request);
  if (!may_free) return;
  MPI_Type_free(&type);
  for (int k = 0; k < size; k++) MPI_Type_free(&pairs[k]);
  MPI_Op_free(&op);
}

static void begin(void) {
  static Arrays given, others;
  int two[1] = {size}, periods[1] = {size > 2}; /* of two, both neighbours would be the same rank */
  MPI_Cart_create(MPI_COMM_WORLD, 1, two, periods, 0, &ring);
  use_arrays(&given);
  for (int i = 0; i < kOps; i++) make(&requests[i], i, MPI_COMM_WORLD);
  memset(&given, -1, sizeof given); /* nobody reads them again */
  use_arrays(&others);
  MPI_Send_init(in, kCount, MPI_INT, (rank + 1) % size, 5, MPI_COMM_WORLD, &requests[kOps]);
  MPI_Recv_init(out[6], kCount, MPI_INT, (rank + size - 1) % size, 5, MPI_COMM_WORLD, &requests[kOps + 1]);
}

static long sum(const int *values) {
  long total = 0;
  for (int i = 0; i < kRoom; i++) total = 31 * total + values[i];
  return total;
}

static int check(int i) {
  MPI_Datatype type;
  MPI_Op op;
  MPI_Type_contiguous(2, MPI_INT, &type);
  MPI_Type_commit(&type);
  for (int k = 0; k < size; k++) pairs[k] = type;
  MPI_Op_create(add, 0, &op);
  memset(expected, 0, sizeof expected);
  call(i, expected, type, op, MPI_COMM_WORLD, NULL);
  MPI_Type_free(&type);
  MPI_Op_free(&op);
  for (int k = 0; k < kCount && i == 6; k++) expected[k] = in[k] - 100 * rank + 100 * ((rank + size - 1) % size);
  if (memcmp(out[i], expected, sizeof expected) == 0) return 1;
  printf("persistent: rank %d: %s is wrong\n", rank, names[i]);
  fflush(stdout);
  return 0;
}

/* Begins all of them, each way in turn; a message and a sum are made meanwhile. */
static void start(int round) {
  MPI_Request some[kOps + 2];
  const int all = kOps + 2;
  for (int i = 0; i < kRoom; i++) in[i] = 1000 * round + 100 * rank + i;
  memset(out, 0, sizeof out);
  memcpy(out[7], in, 2 * sizeof(int));
  for (int i = 0; i < all; i++) some[i] = requests[(i + 5 * round) % all];
  if (round % 2 == 0)
    MPI_Startall(all, some);
  else
    for (int i = 0; i < all; i++) MPI_Start(&some[i]);
}

static void one_round(int round, int report) {
  MPI_Request sums;
  int one = 1, total = 0, index, wrong = 0;
  start(round);
  MPI_Iallreduce(&one, &total, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &sums);
  if (round % 3 == 0)
    for (int i = 0; i < kOps + 2; i++) MPI_Waitany(kOps + 2, requests, &index, MPI_STATUS_IGNORE);
  else
    MPI_Waitall(kOps + 2, requests, MPI_STATUSES_IGNORE);
  MPI_Wait(&sums, MPI_STATUS_IGNORE);
  for (int i = 0; i < kOps; i++) {
    if (!check(i) || total != size) wrong++;
    if (report) say("round %d, %s: %ld", round, names[i], sum(out[i]));
  }
  if (wrong) MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Made, started and freed in every round, so that those of `requests` are not alone. */
static void short_lived(int round) {
  MPI_Request pair[2];
  int value = rank == 0 ? round : 0, unused;
  MPIX_Bcast_init(&value, 1, MPI_INT, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &pair[0]);
  MPIX_Barrier_init(ring, MPI_INFO_NULL, &pair[1]);
  MPI_Startall(2, pair);
  MPI_Wait(&pair[0], MPI_STATUS_IGNORE);
  MPI_Request_free(&pair[0]);
  if (!may_free) MPI_Wait(&pair[1], MPI_STATUS_IGNORE);
  MPI_Request_free(&pair[1]);
  MPI_Allreduce(&value, &unused, 1, MPI_INT, MPI_SUM, ring);
  if (may_free) {
    MPI_Comm copy;
    MPI_Comm_dup(ring, &copy);
    MPIX_Barrier_init(copy, MPI_INFO_NULL, &pair[1]);
    MPI_Start(&pair[1]);
    MPI_Request_free(&pair[1]);
    MPI_Comm_free(&copy);
  }
  if (unused != size * round) printf("persistent: rank %d: %d is wrong\n", rank, unused), MPI_Abort(MPI_COMM_WORLD, 1);
}

static int is_over(const char *path, int round) {
  int over = path == NULL ? round == 4 : access(path, F_OK) == 0;
  MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
  return over;
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : NULL;
  MPI_Request kept[2]; /* the second is freed by rank 0 only */
  int round = 0, value = 7, total = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  say_rank = rank;
  may_free = path != NULL;
  for (int i = 0; i < 2; i++)
    MPIX_Allreduce_init(&value, &total, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, MPI_INFO_NULL, &kept[i]);
  if (rank == 0) MPI_Request_free(&kept[1]);
  begin();
  do {
    one_round(round, path == NULL);
    short_lived(round);
    if (rank == 0 && path != NULL && round % 20 == 10) printf("round %d\n", round), fflush(stdout);
    round++;
  } while (!is_over(path, round));
  MPI_Start(&kept[0]); /* for the first time */
  MPI_Wait(&kept[0], MPI_STATUS_IGNORE);
  if (total != 7 * size) MPI_Abort(MPI_COMM_WORLD, 1);
  MPI_Request_free(&kept[0]);
  if (rank != 0) MPI_Request_free(&kept[1]);
  for (int i = 0; i < kOps + 2; i++) MPI_Request_free(&requests[i]);
  MPI_Comm_free(&ring);
  MPI_Finalize();
  if (rank == 0) printf("persistent: ok%s\n", path == NULL ? "" : " to the end");
  return 0;
}
