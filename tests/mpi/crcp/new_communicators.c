// SPDX-License-Identifier: Apache-2.0
// Communicators are made in every way, used and freed without a pause, while checkpoints are asked for:
//   crcp_new_communicators UNTIL
// Each round makes one, sends round it by requests, frees it, and looks at what has come. Two rounds overlap: the first
// is looked at when the second is on its way. Rank 0 says "round N" now and then. Prints PASS if all was right when the
// file UNTIL is there.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { kValues = 3, kSay = 20 };

typedef struct {
  MPI_Request requests[2 * kValues + 1];
  int out[kValues], in[kValues], me, sum, left, number;
} Round;

static int rank, size;
static MPI_Group all;

static MPI_Comm make(int number) {
  MPI_Comm made, parent = MPI_COMM_WORLD;
  MPI_Request request;
  switch (number % 6) {
    case 0:
      MPI_Comm_idup(parent, &made, &request);
      MPI_Wait(&request, MPI_STATUS_IGNORE);
      return made;
    case 1:
      MPI_Comm_split(parent, 0, -rank, &made);
      return made;
    case 2:
      MPI_Comm_create_group(parent, all, number % 7, &made);
      return made;
    case 3:
      MPI_Comm_create(parent, all, &made);
      return made;
    case 4:  // whose parent is gone before it is there
      MPI_Comm_dup(MPI_COMM_WORLD, &parent);
      MPI_Comm_idup(parent, &made, &request);
      MPI_Comm_free(&parent);
      for (int done = 0; !done;) MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      return made;
    default:
      MPI_Comm_dup(parent, &made);
      return made;
  }
}

static void begin(Round* r, int number) {
  MPI_Comm comm = make(number);
  int right;
  MPI_Comm_rank(comm, &r->me);
  right = (r->me + 1) % size;
  r->left = (r->me + size - 1) % size;
  r->number = number;
  for (int i = 0; i < kValues; ++i) {
    r->out[i] = 1000 * number + 10 * r->me + i;
    MPI_Irecv(&r->in[i], 1, MPI_INT, r->left, i, comm, &r->requests[i]);
  }
  MPI_Iallreduce(&r->me, &r->sum, 1, MPI_INT, MPI_SUM, comm, &r->requests[2 * kValues]);
  MPI_Isend(&r->out[0], 1, MPI_INT, right, 0, comm, &r->requests[kValues]);
  MPI_Issend(&r->out[1], 1, MPI_INT, right, 1, comm, &r->requests[kValues + 1]);
  MPI_Isend(&r->out[2], 1, MPI_INT, right, 2, comm, &r->requests[kValues + 2]);
  MPI_Request_free(&r->requests[kValues + 2]);
  MPI_Comm_free(&comm);
}

static void end(Round* r) {
  MPI_Waitall(2 * kValues + 1, r->requests, MPI_STATUSES_IGNORE);
  int wrong = r->sum != size * (size - 1) / 2;
  for (int i = 0; i < kValues; ++i) wrong += r->in[i] != 1000 * r->number + 10 * r->left + i;
  if (wrong == 0) return;
  printf("FAIL rank %d, round %d: %d wrong\n", rank, r->number, wrong);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(int argc, char** argv) {
  static Round rounds[2];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  begin(&rounds[0], 0);
  int number = 1;
  for (int over = 0; !over; ++number) {
    begin(&rounds[number % 2], number);
    end(&rounds[(number + 1) % 2]);
    if (number % kSay != 0) continue;
    if (rank == 0) {
      printf("round %d\n", number);
      fflush(stdout);
      over = access(argv[1], F_OK) == 0;
    }
    MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  end(&rounds[(number + 1) % 2]);
  MPI_Group_free(&all);
  MPI_Finalize();
  if (rank == 0) printf("PASS after %d rounds\n", number);
  return 0;
}
