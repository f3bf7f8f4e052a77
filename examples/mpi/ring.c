/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens travel around a ring in both directions, many at a time and at their own speed. Every process starts
 * `tokens` of them each way; each makes `steps` hops; a process forwards whatever arrives, taken by wildcard
 * receives. Lengths reach from nothing to beyond the eager limit. Since messages of one sender must not overtake
 * each other, the receiver knows which token must come next from each side and checks every byte of it.
 *
 *   mpirun -np 4 ring [--steps N] [--tokens N] [--seconds S] [--receive irecv|mprobe|probe] [--report N]
 *                     [--spoil K]
 *
 * --spoil K sends wrong bytes at hop K, to see the check fail.
 * Prints "step K/N", then PASS (exit 0) or FAIL (exit 1).
 */
#include <mpi.h>
#include <stdint.h>

#include "example_options.h"

enum { MOST_BYTES = 160 * 1024, POSTED = 3, CLOCKWISE = 0, COUNTER = 1 };

enum receive_kind { BY_IRECV, BY_MPROBE, BY_PROBE };

struct slot { /* the bytes of one send in flight */
  unsigned char *bytes;
};

struct ring {
  int rank, size, steps, tokens, report, spoil;
  double pause;
  enum receive_kind kind;
  int slots;
  struct slot *slot;
  MPI_Request *send; /* request of each slot, in the same order, for Testsome and Waitany */
  unsigned char *landing[POSTED];
  MPI_Request receive[POSTED];
  long posted;     /* receives begun so far (BY_IRECV) */
  long arrived[2]; /* messages so far of each direction */
  long wrong;
};

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static uint64_t key_of(int direction, int origin, int id, int hop) {
  return mix(((uint64_t)direction << 62) ^ ((uint64_t)origin << 44) ^ ((uint64_t)id << 32) ^ (uint64_t)hop ^
             UINT64_C(0x9e3779b97f4a7c15));
}

/* Most tokens are short, some are empty, one in 32 is longer than any transport sends eagerly. */
static int length_of(uint64_t key) {
  switch (key % 32) {
    case 0:
      return 80 * 1024 + (int)(key >> 32) % (80 * 1024);
    case 1:
      return 0;
    default:
      return (int)((key >> 32) % 600);
  }
}

static void fill(unsigned char *bytes, uint64_t key) {
  const int length = length_of(key);
  for (int i = 0; i < length; ++i) bytes[i] = (unsigned char)(mix(key + (uint64_t)i / 8) >> (8 * (i % 8)));
}

static int intact(const unsigned char *bytes, int length, uint64_t key) {
  if (length != length_of(key)) return 0;
  for (int i = 0; i < length; ++i)
    if (bytes[i] != (unsigned char)(mix(key + (uint64_t)i / 8) >> (8 * (i % 8)))) return 0;
  return 1;
}

/* A slot for one more send. There are as many slots as tokens, so waiting for one cannot deadlock. */
static int free_slot(struct ring *r) {
  for (int i = 0; i < r->slots; ++i)
    if (r->send[i] == MPI_REQUEST_NULL) return i;
  int done = 0, which[64];
  MPI_Testsome(r->slots < 64 ? r->slots : 64, r->send, &done, which, MPI_STATUSES_IGNORE);
  if (done > 0) return which[0];
  int index;
  MPI_Waitany(r->slots, r->send, &index, MPI_STATUS_IGNORE);
  return index;
}

static void send_token(struct ring *r, int direction, int origin, int id, int hop) {
  const int s = free_slot(r);
  const uint64_t key = key_of(direction, origin, id, hop);
  const int to = direction == CLOCKWISE ? (r->rank + 1) % r->size : (r->rank + r->size - 1) % r->size;
  fill(r->slot[s].bytes, key + (hop == r->spoil && id == 0 && origin == 0));
  MPI_Isend(r->slot[s].bytes, length_of(key), MPI_BYTE, to, direction, MPI_COMM_WORLD, &r->send[s]);
}

/* Keeps POSTED wildcard receives in the air, never more than there will be messages. */
static void post_receives(struct ring *r, long total) {
  const long taken = r->arrived[CLOCKWISE] + r->arrived[COUNTER];
  while (r->posted < total && r->posted < taken + POSTED) {
    const int i = (int)(r->posted++ % POSTED);
    MPI_Irecv(r->landing[i], MOST_BYTES, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &r->receive[i]);
  }
}

/* The next message, whoever sent it; returns where its bytes are. */
static unsigned char *take(struct ring *r, long total, MPI_Status *status) {
  unsigned char *into = r->landing[0];
  if (r->kind == BY_IRECV) {
    post_receives(r, total);
    const int i = (int)((r->arrived[CLOCKWISE] + r->arrived[COUNTER]) % POSTED);
    MPI_Wait(&r->receive[i], status);
    into = r->landing[i];
  } else if (r->kind == BY_MPROBE) {
    MPI_Message message;
    MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &message, status);
    MPI_Mrecv(into, MOST_BYTES, MPI_BYTE, &message, status);
  } else {
    MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, status);
    MPI_Recv(into, MOST_BYTES, MPI_BYTE, status->MPI_SOURCE, status->MPI_TAG, MPI_COMM_WORLD, status);
  }
  return into;
}

/* Checks that `bytes` is the token that must come next, and sends it on unless this was its last hop. */
static void handle(struct ring *r, const unsigned char *bytes, const MPI_Status *status) {
  const int direction = status->MPI_TAG == CLOCKWISE ? CLOCKWISE : COUNTER;
  int length;
  MPI_Get_count(status, MPI_BYTE, &length);
  const long n = r->arrived[direction]++;
  const int hop = (int)(n / r->tokens) + 1, id = (int)(n % r->tokens);
  const int back = direction == CLOCKWISE ? -hop : hop;
  const int origin = ((r->rank + back) % r->size + r->size) % r->size;
  const int from = ((r->rank + (direction == CLOCKWISE ? -1 : 1)) + r->size) % r->size;
  if (status->MPI_SOURCE != from || status->MPI_TAG != direction ||
      !intact(bytes, length, key_of(direction, origin, id, hop))) {
    fprintf(stderr, "ring: rank %d: message %ld of direction %d from %d (%d bytes) is not token %d of %d at hop %d\n",
            r->rank, n, direction, status->MPI_SOURCE, length, id, origin, hop);
    ++r->wrong;
  }
  if (hop < r->steps) send_token(r, direction, origin, id, hop + 1);
}

static void run(struct ring *r) {
  const long each_way = (long)r->tokens * r->steps, total = 2 * each_way;
  for (int direction = CLOCKWISE; direction <= COUNTER; ++direction)
    for (int id = 0; id < r->tokens; ++id) send_token(r, direction, r->rank, id, 1);
  for (long n = 1; n <= total; ++n) {
    MPI_Status status;
    const unsigned char *bytes = take(r, total, &status);
    handle(r, bytes, &status);
    if (n % (2 * r->tokens) != 0) continue;
    const long step = n / (2 * r->tokens);
    if (r->rank == 0 && (step % r->report == 0 || step == 1)) {
      printf("step %ld/%d\n", step, r->steps);
      fflush(stdout);
    }
    pace(r->pause);
  }
  MPI_Waitall(r->slots, r->send, MPI_STATUSES_IGNORE);
}

static void set_up(struct ring *r, int argc, char **argv) {
  check_options(argc, argv, "--steps --tokens --seconds --receive --report --spoil");
  r->steps = (int)option_number(argc, argv, "--steps", 2000, 1);
  r->tokens = (int)option_number(argc, argv, "--tokens", 4, 1);
  r->pause = option_number(argc, argv, "--seconds", 0, 0) / r->steps;
  r->report = (int)option_number(argc, argv, "--report", r->steps < 20 ? 1 : r->steps / 20, 1);
  r->spoil = (int)option_number(argc, argv, "--spoil", 0, 0);
  const char *kind = option_text(argc, argv, "--receive", "irecv");
  r->kind = strcmp(kind, "mprobe") == 0 ? BY_MPROBE : strcmp(kind, "probe") == 0 ? BY_PROBE : BY_IRECV;
  r->slots = 2 * r->tokens * r->size;
  r->slot = calloc((size_t)r->slots, sizeof *r->slot);
  r->send = calloc((size_t)r->slots, sizeof *r->send);
  for (int i = 0; i < r->slots; ++i) {
    r->slot[i].bytes = malloc(MOST_BYTES);
    r->send[i] = MPI_REQUEST_NULL;
  }
  for (int i = 0; i < POSTED; ++i) r->landing[i] = malloc(MOST_BYTES);
}

static void tear_down(struct ring *r) {
  for (int i = 0; i < r->slots; ++i) free(r->slot[i].bytes);
  for (int i = 0; i < POSTED; ++i) free(r->landing[i]);
  free(r->slot);
  free(r->send);
}

int main(int argc, char **argv) {
  struct ring r = {0};
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &r.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &r.size);
  set_up(&r, argc, argv);
  run(&r);
  long mine[2] = {r.wrong, r.arrived[CLOCKWISE] + r.arrived[COUNTER]}, all[2];
  MPI_Allreduce(mine, all, 2, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  const int failed = all[0] != 0 || all[1] != 2L * r.tokens * r.steps * r.size;
  if (r.rank == 0) {
    printf("%s ring: %d processes, %ld messages, %ld wrong\n", failed ? "FAIL" : "PASS", r.size, all[1], all[0]);
    fflush(stdout);
  }
  tear_down(&r);
  MPI_Finalize();
  return failed;
}
