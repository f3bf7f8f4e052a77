/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_Cancel of every kind of request: the error, whose handler is told, and what the completed request says. */

// clang-format off
#include "say.h"
#include <mpi-ext.h>
// clang-format on

enum { kBig = 1 << 18, kTag = 5 };

static MPI_Comm comm;
static MPI_Request request;
static int value, got, left, right, big[kBig], big_in[kBig];

static void handler(MPI_Comm *of, int *code, ...) {
  int class;
  MPI_Error_class(*code, &class);
  say("handler of %s: class %d", *of == comm ? "comm" : *of == MPI_COMM_WORLD ? "world" : "another", class);
}

static void cancel(const char *what) {
  int class;
  MPI_Error_class(MPI_Cancel(&request), &class);
  say("cancel %s: class %d", what, class);
}

static void complete(const char *what) {
  MPI_Status status;
  int cancelled = -1, class;
  MPI_Error_class(MPI_Wait(&request, &status), &class);
  MPI_Test_cancelled(&status, &cancelled);
  say("%s: class %d, cancelled %d, gone %d", what, class, cancelled, request == MPI_REQUEST_NULL);
}

static void refused(const char *what) {
  cancel(what);
  complete(what);
}

static void receives(void) {
  MPI_Irecv(&got, 1, MPI_INT, MPI_ANY_SOURCE, 77, comm, &request);
  refused("receive");
  MPI_Irecv(&got, 1, MPI_INT, MPI_PROC_NULL, 77, comm, &request);
  refused("receive from nobody");
  MPI_Recv_init(&got, 1, MPI_INT, left, 78, comm, &request);
  MPI_Start(&request);
  refused("persistent receive");
  MPI_Barrier(comm); /* or the message would be for the one that is cancelled */
  MPI_Start(&request);
  MPI_Send(&value, 1, MPI_INT, right, 78, comm);
  complete("persistent receive that is not cancelled");
  MPI_Request_free(&request);
}

static void sends(void) {
  MPI_Isend(&value, 1, MPI_INT, right, kTag, comm, &request);
  refused("send");
  MPI_Recv(&got, 1, MPI_INT, left, kTag, comm, MPI_STATUS_IGNORE);
  MPI_Isend(big, kBig, MPI_INT, right, kTag, comm, &request);
  cancel("long send");
  MPI_Recv(big_in, kBig, MPI_INT, left, kTag, comm, MPI_STATUS_IGNORE);
  complete("long send");
  MPI_Issend(&value, 1, MPI_INT, right, kTag, comm, &request);
  cancel("synchronous send");
  MPI_Recv(&got, 1, MPI_INT, left, kTag, comm, MPI_STATUS_IGNORE);
  complete("synchronous send");
  MPI_Ibsend(&value, 1, MPI_INT, right, kTag, comm, &request);
  refused("buffered send");
  MPI_Message message;
  MPI_Mprobe(left, kTag, comm, &message, MPI_STATUS_IGNORE);
  MPI_Imrecv(&got, 1, MPI_INT, &message, &request);
  refused("matched receive");
}

static void collectives(void) {
  MPI_Request first;
  if (say_rank == 0) { /* the others have not come */
    MPI_Ibarrier(comm, &request);
    cancel("barrier that waits");
    first = request;
    MPI_Send(&value, 1, MPI_INT, right, kTag, comm);
    request = first;
  } else {
    MPI_Recv(&got, 1, MPI_INT, left, kTag, comm, MPI_STATUS_IGNORE);
    if (right != 0) MPI_Send(&value, 1, MPI_INT, right, kTag, comm);
    MPI_Ibarrier(comm, &request);
  }
  complete("barrier");
  MPI_Iallreduce(&value, &got, 1, MPI_INT, MPI_SUM, comm, &request);
  for (int flag = 0; !flag;) MPI_Request_get_status(request, &flag, MPI_STATUS_IGNORE);
  refused("complete sum");
  MPIX_Barrier_init(comm, MPI_INFO_NULL, &request);
  MPI_Start(&request);
  refused("persistent barrier");
  MPI_Request_free(&request);
}

static void memory(void) {
  MPI_Win window;
  int *base;
  MPI_Win_allocate(64, sizeof(int), MPI_INFO_NULL, comm, &base, &window);
  MPI_Win_lock_all(0, window);
  MPI_Rput(&value, 1, MPI_INT, right, 0, 1, MPI_INT, window, &request);
  refused("put");
  MPI_Win_unlock_all(window);
  MPI_Win_free(&window);
}

int main(int argc, char **argv) {
  MPI_Errhandler own;
  int size;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  left = (say_rank + size - 1) % size;
  right = (say_rank + 1) % size;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Comm_create_errhandler(handler, &own);
  MPI_Comm_set_errhandler(comm, own);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, own);
  receives();
  sends();
  collectives();
  memory();
  request = MPI_REQUEST_NULL;
  cancel("null");
  SAY(MPI_Cancel(NULL));
  MPI_Comm_free(&comm);
  MPI_Finalize();
  return 0;
}
