/* SPDX-License-Identifier: Apache-2.0 */
/* handles FILE: Fortran's integers for handles of every kind, predefined and of the program's own: those of the first
 * half mean the same objects in the second, and each object has the integer that it had. */
#include "halves.h"

enum { kObjects = 10, kMemory = 64 };

static MPI_Comm comm;
static MPI_Group group;
static MPI_Datatype type;
static MPI_Op op;
static MPI_Errhandler handler;
static MPI_Info info;
static MPI_Win win;
static MPI_File file;
static MPI_Request request;
static MPI_Message message;
static int memory[kMemory], received, sent = 17;
static MPI_Request sending;

static void first(void *in, void *inout, int *n, MPI_Datatype *of) {}
static void on_error(MPI_Comm *of, int *code, ...) {}

static void make(void) {
  OK(MPI_Comm_dup(MPI_COMM_WORLD, &comm));
  OK(MPI_Comm_group(comm, &group));
  OK(MPI_Type_contiguous(3, MPI_INT, &type));
  OK(MPI_Op_create(first, 1, &op));
  OK(MPI_Comm_create_errhandler(on_error, &handler));
  OK(MPI_Info_create(&info));
  OK(MPI_Win_create(memory, sizeof memory, 1, MPI_INFO_NULL, comm, &win));
  OK(MPI_File_open(comm, "handles.data", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file));
  OK(MPI_Irecv(&received, 1, MPI_INT, left, 1, comm, &request));
  OK(MPI_Isend(&sent, 1, MPI_INT, right, 2, comm, &sending));
  OK(MPI_Mprobe(left, 2, comm, &message, MPI_STATUS_IGNORE));
}

static void to_fortran(MPI_Fint *integers) {
  integers[0] = MPI_Comm_c2f(comm);
  integers[1] = MPI_Group_c2f(group);
  integers[2] = MPI_Type_c2f(type);
  integers[3] = MPI_Op_c2f(op);
  integers[4] = MPI_Errhandler_c2f(handler);
  integers[5] = MPI_Info_c2f(info);
  integers[6] = MPI_Win_c2f(win);
  integers[7] = MPI_File_c2f(file);
  integers[8] = MPI_Request_c2f(request);
  integers[9] = MPI_Message_c2f(message);
}

static void check(const MPI_Fint *integers) {
  CHECK(MPI_Comm_f2c(integers[0]) == comm && MPI_Group_f2c(integers[1]) == group);
  CHECK(MPI_Type_f2c(integers[2]) == type && MPI_Op_f2c(integers[3]) == op);
  CHECK(MPI_Errhandler_f2c(integers[4]) == handler && MPI_Info_f2c(integers[5]) == info);
  CHECK(MPI_Win_f2c(integers[6]) == win && MPI_File_f2c(integers[7]) == file);
  CHECK(MPI_Request_f2c(integers[8]) == request && MPI_Message_f2c(integers[9]) == message);
}

static void check_predefined(void) {
  CHECK(MPI_Comm_f2c(MPI_Comm_c2f(MPI_COMM_WORLD)) == MPI_COMM_WORLD && MPI_Comm_c2f(MPI_COMM_WORLD) == 0);
  CHECK(MPI_Type_f2c(MPI_Type_c2f(MPI_DOUBLE)) == MPI_DOUBLE);
  CHECK(MPI_Op_f2c(MPI_Op_c2f(MPI_SUM)) == MPI_SUM);
  CHECK(MPI_Request_f2c(MPI_Request_c2f(MPI_REQUEST_NULL)) == MPI_REQUEST_NULL);
  CHECK(MPI_Win_f2c(MPI_Win_c2f(MPI_WIN_NULL)) == MPI_WIN_NULL);
  CHECK(MPI_File_f2c(MPI_File_c2f(MPI_FILE_NULL)) == MPI_FILE_NULL);
}

int main(int argc, char **argv) {
  MPI_Fint before[kObjects], after[kObjects];
  MPI_Status status;
  halves_begin(&argc, &argv);
  make();
  to_fortran(before);
  check(before);
  check_predefined();

  halves_between(argv[1]);

  check(before);
  to_fortran(after);
  CHECK(memcmp(before, after, sizeof before) == 0);
  check_predefined();
  int found = 0;
  MPI_Message matched = MPI_Message_f2c(before[9]);
  OK(MPI_Mrecv(&found, 1, MPI_INT, &matched, &status));
  CHECK(found == 17 && status.MPI_SOURCE == left && matched == MPI_MESSAGE_NULL);
  OK(MPI_Send(&sent, 1, MPI_INT, right, 1, MPI_Comm_f2c(before[0])));
  request = MPI_Request_f2c(before[8]);
  OK(MPI_Wait(&request, &status));
  CHECK(received == 17 && status.MPI_TAG == 1);
  OK(MPI_Wait(&sending, MPI_STATUS_IGNORE));
  OK(MPI_File_close(&file));
  OK(MPI_Win_free(&win));
  OK(MPI_Group_free(&group));
  OK(MPI_Type_free(&type));
  OK(MPI_Op_free(&op));
  OK(MPI_Errhandler_free(&handler));
  OK(MPI_Info_free(&info));
  OK(MPI_Comm_free(&comm));
  halves_end();
  return 0;
}
