/* SPDX-License-Identifier: Apache-2.0 */
/* persistent FILE: persistent requests of every kind. In the first half each is used once, and started again for half
 * of the exchange; the other half of the exchange is begun in the second. */
#include "halves.h"

enum { kKinds = 4, kRoom = 4096 };

static int out[kKinds], in[kKinds];
static MPI_Request sends[kKinds], receives[kKinds];
static char room[kRoom];

static void make(void) {
  OK(MPI_Buffer_attach(room, kRoom));
  OK(MPI_Send_init(&out[0], 1, MPI_INT, right, 0, MPI_COMM_WORLD, &sends[0]));
  OK(MPI_Bsend_init(&out[1], 1, MPI_INT, right, 1, MPI_COMM_WORLD, &sends[1]));
  OK(MPI_Ssend_init(&out[2], 1, MPI_INT, right, 2, MPI_COMM_WORLD, &sends[2]));
  OK(MPI_Rsend_init(&out[3], 1, MPI_INT, right, 3, MPI_COMM_WORLD, &sends[3]));
  for (int i = 0; i < kKinds; i++) OK(MPI_Recv_init(&in[i], 1, MPI_INT, left, i, MPI_COMM_WORLD, &receives[i]));
}

static void begin_receives(void) {
  OK(MPI_Startall(kKinds, receives));
  OK(MPI_Barrier(MPI_COMM_WORLD)); /* before a ready send its receive */
}

static void begin_sends(int round) {
  for (int i = 0; i < kKinds; i++) out[i] = 100 * round + 10 * rank + i;
  for (int i = 0; i < kKinds; i++) OK(MPI_Start(&sends[i]));
}

static void end(int round) {
  MPI_Status statuses[kKinds];
  OK(MPI_Waitall(kKinds, receives, statuses));
  OK(MPI_Waitall(kKinds, sends, MPI_STATUSES_IGNORE));
  for (int i = 0; i < kKinds; i++) {
    CHECK(in[i] == 100 * round + 10 * left + i && statuses[i].MPI_SOURCE == left && statuses[i].MPI_TAG == i);
    CHECK(sends[i] != MPI_REQUEST_NULL && receives[i] != MPI_REQUEST_NULL);
  }
}

int main(int argc, char **argv) {
  void *buffer;
  int bytes;
  halves_begin(&argc, &argv);
  make();
  begin_receives();
  begin_sends(1);
  end(1);
  begin_receives();

  halves_between(argv[1]);

  begin_sends(2);
  end(2);
  begin_receives();
  begin_sends(3);
  end(3);
  for (int i = 0; i < kKinds; i++) {
    OK(MPI_Request_free(&sends[i]));
    OK(MPI_Request_free(&receives[i]));
  }
  OK(MPI_Buffer_detach(&buffer, &bytes));
  CHECK(buffer == room && bytes == kRoom);
  halves_end();
  return 0;
}
