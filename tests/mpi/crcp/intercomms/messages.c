// SPDX-License-Identifier: Apache-2.0
// Each member sends to each of the other group: some messages are received rounds later, by every kind of receive.
#include <stdlib.h>

#include "intercomms.h"

enum { kLag = 3, kKinds = 4, kMost = 16, kInts = 3000 };

typedef struct {
  MPI_Request requests[kMost * kKinds];
  int values[kMost * kKinds];
  int count;
} Sent;

static Sent sent[kLag + 1];
static MPI_Request standing;  // persistent
static int standing_value;
static int big_out[kInts], big_in[kInts];

static int value_of(int round, int sender, int kind) { return round * 1000 + sender * 10 + kind; }
static int tag_of(int round, int kind) { return round % 1000 * kKinds + kind; }

static void send_all(const Between* b, int round) {
  Sent* s = &sent[round % (kLag + 1)];
  MPI_Waitall(s->count, s->requests, MPI_STATUSES_IGNORE);
  s->count = 0;
  for (int to = 0; to < b->others; ++to)
    for (int kind = 0; kind < kKinds; ++kind) {
      int* value = &s->values[s->count];
      MPI_Request* request = &s->requests[s->count++];
      *value = value_of(round, world_rank, kind);
      if (kind == 1)
        MPI_Issend(value, 1, MPI_INT, to, tag_of(round, kind), b->comm, request);
      else
        MPI_Isend(value, 1, MPI_INT, to, tag_of(round, kind), b->comm, request);
    }
}

static void receive_from(const Between* b, int round, int from, int kind) {
  const int tag = tag_of(round, kind);
  int got = -1, flag = 0;
  MPI_Status status;
  MPI_Message message;
  MPI_Request request;
  switch (kind) {
    case 0:
      MPI_Recv(&got, 1, MPI_INT, from, tag, b->comm, &status);
      break;
    case 1:
      MPI_Irecv(&got, 1, MPI_INT, MPI_ANY_SOURCE, tag, b->comm, &request);
      MPI_Wait(&request, &status);
      break;
    case 2:
      while (!flag) MPI_Improbe(MPI_ANY_SOURCE, tag, b->comm, &flag, &message, &status);
      MPI_Mrecv(&got, 1, MPI_INT, &message, &status);
      break;
    default:
      MPI_Probe(MPI_ANY_SOURCE, tag, b->comm, &status);
      MPI_Recv(&got, 1, MPI_INT, status.MPI_SOURCE, tag, b->comm, &status);
  }
  const int sender = member(b, 1 - b->side, status.MPI_SOURCE);
  check(status.MPI_TAG == tag && got == value_of(round, sender, kind), "a message");
  if (kind == 0) check(status.MPI_SOURCE == from, "the source of a message");
}

static void receive_all(const Between* b, int round) {
  for (int kind = kKinds; kind-- > 0;)
    for (int from = 0; from < b->others; ++from) receive_from(b, round, from, kind);
}

// The same request again and again; and both directions at once, with more than goes at once.
static void standing_round(const Between* b, int round) {
  const int partner = b->me % b->others, pairs = b->own < b->others ? b->own : b->others;
  if (b->me >= pairs) return;
  if (round == 0) MPI_Send_init(&standing_value, 1, MPI_INT, partner, 9001, b->comm, &standing);
  int got = -1;
  standing_value = value_of(round, world_rank, 7);
  MPI_Start(&standing);
  MPI_Recv(&got, 1, MPI_INT, partner, 9001, b->comm, MPI_STATUS_IGNORE);
  check(got == value_of(round, member(b, 1 - b->side, partner), 7), "a message of a persistent request");
  MPI_Wait(&standing, MPI_STATUS_IGNORE);
  big_out[kInts - 1] = standing_value;
  MPI_Sendrecv(big_out, kInts, MPI_INT, partner, 9003, big_in, kInts, MPI_INT, partner, 9003, b->comm,
               MPI_STATUS_IGNORE);
  check(big_in[kInts - 1] == got, "a long message");
}

void messages_round(const Between* b, int round) {
  send_all(b, round);
  if (round >= kLag) receive_all(b, round - kLag);
  standing_round(b, round);
}

void messages_end(const Between* b, int rounds) {
  for (int round = rounds < kLag ? 0 : rounds - kLag; round < rounds; ++round) receive_all(b, round);
  for (int i = 0; i <= kLag; ++i) MPI_Waitall(sent[i].count, sent[i].requests, MPI_STATUSES_IGNORE);
  if (standing != NULL) MPI_Request_free(&standing);
}
