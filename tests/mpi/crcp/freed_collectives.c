// SPDX-License-Identifier: Apache-2.0
// Non-blocking collectives whose operation, datatypes or communicator are freed, begun and not.
#include "freed_while_pending.h"

enum { kSum = 6 };  // of all ranks

static void sum(void* in, void* inout, int* count, MPI_Datatype* type) {
  int bytes = 0;
  MPI_Type_size(*type, &bytes);
  for (int i = 0; i < *count * bytes / (int)sizeof(int); ++i) ((int*)inout)[i] += ((int*)in)[i];
}

static void spoil(void* in, void* inout, int* count, MPI_Datatype* type) {
  (void)in, (void)count, (void)type;
  *(int*)inout = -99;
}

typedef struct {
  int out[2], in[2];
  MPI_Op spoiler;
  MPI_Datatype other;
  MPI_Request request;
} Reduction;

// Takes the handles of what is freed.
static void reduce(Reduction* r, MPI_Comm comm) {
  MPI_Op op;
  MPI_Datatype two;
  MPI_Op_create(sum, 1, &op);
  MPI_Type_contiguous(2, MPI_INT, &two);
  MPI_Type_commit(&two);
  r->out[0] = rank, r->out[1] = 2 * rank;
  MPI_Iallreduce(r->out, r->in, 1, two, op, comm, &r->request);
  MPI_Op_free(&op);
  MPI_Type_free(&two);
  MPI_Op_create(spoil, 1, &r->spoiler);
  MPI_Type_contiguous(1, MPI_DOUBLE, &r->other);
}

static void finish(Reduction* r) {
  MPI_Wait(&r->request, MPI_STATUS_IGNORE);
  check_equal("first sum", r->in[0], kSum);
  check_equal("second sum", r->in[1], 2 * kSum);
  MPI_Op_free(&r->spoiler);
  MPI_Type_free(&r->other);
}

static Reduction begun, recorded, on_copy;
static MPI_Comm copy, ring, parent, twin;
static MPI_Request duplication;

static void start_begun(void) {
  MPI_Comm comm = copy_of_world();
  reduce(&begun, comm);
  MPI_Comm_free(&comm);
}
static void finish_begun(void) { finish(&begun); }

static void start_recorded(void) { reduce(&recorded, MPI_COMM_WORLD); }
static void finish_recorded(void) { finish(&recorded); }

static void start_on_copy(void) { reduce(&on_copy, copy); }
static void finish_on_copy(void) { finish(&on_copy); }

static void prepare_big_write(void);

void prepare_late(void) {
  const int size = 4, periodic = 1;
  copy = copy_of_world();
  parent = copy_of_world();
  MPI_Cart_create(MPI_COMM_WORLD, 1, &size, &periodic, 0, &ring);
  prepare_big_write();
}

void free_while_recorded(void) {
  MPI_Comm_free(&copy);
  MPI_Comm_free(&parent);
}

static void start_duplication(void) { MPI_Comm_idup(parent, &twin, &duplication); }

static void finish_duplication(void) {
  int sum = 0;
  MPI_Wait(&duplication, MPI_STATUS_IGNORE);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, twin);
  check_equal("sum on the duplicate", sum, kSum);
  MPI_Comm_free(&twin);
}

// ---- arrays of datatypes

enum { kParts = 4 };
typedef struct {
  int out[kParts], in[3 * kParts];
  int ones[kParts], zeros[kParts], sent_at[kParts], got_at[kParts];
  MPI_Aint sent_at_aint[kParts], got_at_aint[kParts];
  MPI_Request request;
} Exchange;

static void prepare(Exchange* e) {
  for (int i = 0; i < kParts; ++i) {
    e->out[i] = 10 * rank + i;
    e->ones[i] = 1;
    e->sent_at_aint[i] = e->sent_at[i] = i * (int)sizeof(int);
    e->got_at_aint[i] = e->got_at[i] = 3 * i * (int)sizeof(int);
  }
}

static Exchange all_to_all, neighbours;

static void start_all_to_all(void) {
  MPI_Datatype send[kParts], receive[kParts];
  prepare(&all_to_all);
  for (int i = 0; i < kParts; ++i) {
    MPI_Type_contiguous(1, MPI_INT, &send[i]);
    MPI_Type_indexed(1, (int[]){1}, (int[]){i % 3}, MPI_INT, &receive[i]);
    MPI_Type_commit(&send[i]);
    MPI_Type_commit(&receive[i]);
  }
  MPI_Ialltoallw(all_to_all.out, all_to_all.ones, all_to_all.sent_at, send, all_to_all.in, all_to_all.ones,
                 all_to_all.got_at, receive, MPI_COMM_WORLD, &all_to_all.request);
  for (int i = 0; i < kParts; ++i) {
    MPI_Type_free(&send[i]);
    MPI_Type_free(&receive[i]);
  }
}

static void finish_all_to_all(void) {
  MPI_Wait(&all_to_all.request, MPI_STATUS_IGNORE);
  for (int i = 0; i < kParts; ++i) check_equal("part of all", all_to_all.in[3 * i + i % 3], 10 * i + rank);
}

static void start_neighbours(void) {
  MPI_Datatype types[2] = {two_apart(), MPI_INT}, receive[2] = {MPI_INT, two_apart()};
  prepare(&neighbours);
  int out_counts[2] = {1, 2}, in_counts[2] = {2, 1};
  static int counts[4];
  for (int i = 0; i < 2; ++i) counts[i] = out_counts[i], counts[2 + i] = in_counts[i];
  // To the left two that are apart, to the right two from the end; both come as two.
  neighbours.sent_at_aint[1] = 2 * sizeof(int);
  MPI_Ineighbor_alltoallw(neighbours.out, counts, neighbours.sent_at_aint, types, neighbours.in, counts + 2,
                          neighbours.got_at_aint, receive, ring, &neighbours.request);
  MPI_Type_free(&types[0]);
  MPI_Type_free(&receive[1]);
}

static void finish_neighbours(void) {
  MPI_Wait(&neighbours.request, MPI_STATUS_IGNORE);
  check_equal("first of the left one", neighbours.in[0], 10 * left + 2);
  check_equal("second of the left one", neighbours.in[1], 10 * left + 3);
  check_equal("first of the right one", neighbours.in[3], 10 * right);
  check_equal("second of the right one", neighbours.in[5], 10 * right + 2);
  MPI_Comm_free(&ring);
}

static int cast[3];
static MPI_Request broadcast;

static void start_broadcast(void) {
  MPI_Datatype type = two_apart();
  if (rank == 0) cast[0] = 5, cast[2] = 6;
  MPI_Ibcast(cast, 1, type, 0, MPI_COMM_WORLD, &broadcast);
  MPI_Type_free(&type);
}

static void finish_broadcast(void) {
  MPI_Wait(&broadcast, MPI_STATUS_IGNORE);
  check_equal("broadcast", 10 * cast[0] + cast[2], 56);
}

// ---- a datatype of more bytes than an int can count, of one mebibyte of memory

enum { kMebibyte = 1 << 20, kMebibytes = 2100 };
static const MPI_Offset kBytes = (MPI_Offset)kMebibytes * kMebibyte;

static MPI_File sink;
static MPI_Request big_write;
static char* mebibyte;

static void prepare_big_write(void) {
  MPI_File_open(MPI_COMM_WORLD, "/dev/null", MPI_MODE_WRONLY, MPI_INFO_NULL, &sink);
  mebibyte = calloc(1, kMebibyte);
}

static void start_big_write(void) {
  MPI_Datatype block, type;
  MPI_Offset position = 0;
  MPI_Type_contiguous(kMebibyte, MPI_CHAR, &block);
  MPI_Type_create_hvector(kMebibytes, 1, 0, block, &type);
  MPI_Type_commit(&type);
  check_equal("MPI_File_iwrite_all", MPI_File_iwrite_all(sink, mebibyte, 1, type, &big_write), MPI_SUCCESS);
  MPI_File_get_position(sink, &position);
  check_equal("the pointer is behind it", position == kBytes, 1);
  MPI_Type_free(&block);
  MPI_Type_free(&type);
}

static void finish_big_write(void) {
  MPI_Status status;
  MPI_Count written = 0;
  check_equal("its end", MPI_Wait(&big_write, &status), MPI_SUCCESS);
  MPI_Get_elements_x(&status, MPI_CHAR, &written);
  check_equal("all is written", written == kBytes, 1);
  MPI_File_close(&sink);
  free(mebibyte);
}

const Row collectives[] = {{"begun collective", 0, start_begun, finish_begun},
                           {"recorded reduction", 1, start_recorded, finish_recorded},
                           {"recorded broadcast", 1, start_broadcast, finish_broadcast},
                           {"recorded alltoallw", 1, start_all_to_all, finish_all_to_all},
                           {"recorded neighbor_alltoallw", 1, start_neighbours, finish_neighbours},
                           {"recorded collective of a freed communicator", 1, start_on_copy, finish_on_copy},
                           {"recorded duplication of a freed communicator", 1, start_duplication, finish_duplication},
                           {"recorded write of a big datatype", 1, start_big_write, finish_big_write},
                           {NULL, 0, NULL, NULL}};
