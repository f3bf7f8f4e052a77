/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that a matched probe has given out when the job is checkpointed, and that are received afterwards: of each
 * kind of send, of no size, from nobody, with others of the same envelope received meanwhile. A synchronous send is
 * complete when its message is received, not before. matched FILE: messages are given out before FILE appears, which is
 * when the job has been checkpointed, and perhaps restarted; they are received afterwards. Rank 0 sends, rank 1
 * receives. */
#include <time.h>

#include "say.h"

enum { kRow = 6, kBig = 1 << 20, kTag = 100, kToken = 99 };

static int row[kRow], from_any[2], alone;
static char *big;
static MPI_Comm comm;

/* Those of `row`: synchronous ones, and others between them. */
static MPI_Request in_a_row[kRow], single[2], of_big[2], begun;

static void token(void) {
  if (say_rank == 1)
    MPI_Send(NULL, 0, MPI_INT, 0, kToken, comm);
  else
    MPI_Recv(NULL, 0, MPI_INT, 1, kToken, comm, MPI_STATUS_IGNORE);
}

/* Whether each is complete; they are given time to become so, if they ought not to. */
static void show_complete(const char *when, int n, MPI_Request *requests, int expected) {
  char text[64] = "";
  int done = 0;
  const double end = MPI_Wtime() + 0.2;
  if (say_rank != 0) return;
  do {
    done = 0;
    for (int i = 0; i < n; i++) {
      int flag;
      MPI_Request_get_status(requests[i], &flag, MPI_STATUS_IGNORE);
      text[i] = flag ? '1' : '0';
      done += flag;
    }
  } while (MPI_Wtime() < end || (done < expected && MPI_Wtime() < end + 10));
  say("%s: complete %s", when, text);
}

static void give_out(int source, int tag, MPI_Message *message) {
  MPI_Status status;
  int count;
  MPI_Mprobe(source, tag, comm, message, &status);
  MPI_Get_count(&status, MPI_BYTE, &count);
  say("given out: source %d tag %d bytes %d", status.MPI_SOURCE, status.MPI_TAG, count);
}

static void receive(MPI_Message *message, int now) {
  MPI_Status status;
  MPI_Request request;
  int count, value[kRow] = {-1, -1};
  if (now) {
    MPI_Mrecv(value, kRow, MPI_INT, message, &status);
  } else {
    MPI_Imrecv(value, kRow, MPI_INT, message, &request);
    MPI_Wait(&request, &status);
  }
  MPI_Get_count(&status, MPI_INT, &count);
  say("received: source %d tag %d count %d value %d %d, null %d", status.MPI_SOURCE, status.MPI_TAG, count, value[0],
      value[1], *message == MPI_MESSAGE_NULL);
}

static void receive_big(MPI_Message *message) {
  MPI_Status status;
  int count, good = 1;
  MPI_Mrecv(big, kBig, MPI_BYTE, message, &status);
  MPI_Get_count(&status, MPI_BYTE, &count);
  for (int i = 0; i < count; i++) good = good && big[i] == (char)(i % 127);
  say("big: source %d tag %d bytes %d good %d", status.MPI_SOURCE, status.MPI_TAG, count, good);
}

static void await(const char *file) {
  const struct timespec moment = {0, 10000000};
  MPI_Barrier(comm);
  if (say_rank == 0) printf("held\n"), fflush(stdout);
  while (access(file, F_OK) != 0) nanosleep(&moment, NULL);
  MPI_Barrier(comm);
}

static void send_all(void) {
  for (int i = 0; i < kRow; i++) {
    row[i] = 10 + i;
    if (i % 2 == 0)
      MPI_Issend(&row[i], 1, MPI_INT, 1, kTag, comm, &in_a_row[i]);
    else
      MPI_Isend(&row[i], 1, MPI_INT, 1, kTag, comm, &in_a_row[i]);
  }
  for (int i = 0; i < 2; i++) {
    from_any[i] = 20 + i;
    MPI_Issend(&from_any[i], i, MPI_INT, 1, kTag + 1 + i, comm, &single[i]);
    MPI_Issend(big, kBig, MPI_BYTE, 1, kTag + 3 + i, comm, &of_big[i]);
  }
  alone = 30;
  MPI_Bsend(&alone, 1, MPI_INT, 1, kTag + 5, comm);
  MPI_Issend(&alone, 1, MPI_INT, 1, kTag + 6, comm, &begun);
}

/* Of the row: the first two given out, the third received, the fourth given out, the fifth left, the sixth too. */
int main(int argc, char **argv) {
  static char room[1000];
  int value = 0;
  MPI_Message first, second, fourth, any, empty, of_nobody, large, another, buffered, taken;
  MPI_Request taking = MPI_REQUEST_NULL;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Buffer_attach(room, sizeof room);
  big = malloc(kBig);
  for (int i = 0; i < kBig; i++) big[i] = say_rank == 0 ? (char)(i % 127) : 0;
  if (say_rank == 0) {
    send_all();
  } else {
    give_out(0, kTag, &first);
    give_out(0, kTag, &second);
    MPI_Recv(&value, 1, MPI_INT, 0, kTag, comm, MPI_STATUS_IGNORE);
    say("between: %d", value);
    give_out(0, kTag, &fourth);
    give_out(MPI_ANY_SOURCE, kTag + 2, &any);
    give_out(0, kTag + 1, &empty);
    give_out(MPI_PROC_NULL, kTag, &of_nobody);
    give_out(0, kTag + 3, &large);
    give_out(MPI_ANY_SOURCE, kTag + 4, &another);
    give_out(0, kTag + 5, &buffered);
    give_out(0, kTag + 6, &taken);
    MPI_Imrecv(&value, 1, MPI_INT, &taken, &taking);
  }
  await(argv[1]);
  if (say_rank == 0) MPI_Wait(&begun, MPI_STATUS_IGNORE);
  if (say_rank == 1) MPI_Wait(&taking, MPI_STATUS_IGNORE), say("begun before: %d", value);
  show_complete("before", kRow, in_a_row, 4);
  show_complete("the single ones", 2, single, 0);
  show_complete("the big ones", 2, of_big, 0);
  MPI_Barrier(comm);
  if (say_rank == 1) {
    receive(&fourth, 0);
    receive(&any, 1);
    receive_big(&another);
    token();
  } else {
    token();
    show_complete("one each", kRow, in_a_row, 4);
    show_complete("the single ones, one", 2, single, 1);
    show_complete("the big ones, one", 2, of_big, 1);
  }
  MPI_Barrier(comm);
  if (say_rank == 1) {
    receive(&first, 1);
    receive(&second, 1);
    receive(&empty, 0);
    receive(&of_nobody, 1);
    receive(&buffered, 1);
    receive_big(&large);
    token();
  } else {
    token();
    show_complete("all that were given out", kRow, in_a_row, 5);
    MPI_Waitall(2, single, MPI_STATUSES_IGNORE);
    MPI_Waitall(2, of_big, MPI_STATUSES_IGNORE);
  }
  MPI_Barrier(comm);
  for (int i = 0; i < 2 && say_rank == 1; i++) {
    MPI_Recv(&value, 1, MPI_INT, 0, kTag, comm, MPI_STATUS_IGNORE);
    say("the rest: %d", value);
  }
  if (say_rank == 0) MPI_Waitall(kRow, in_a_row, MPI_STATUSES_IGNORE);
  free(big);
  MPI_Finalize();
  return 0;
}
