/* SPDX-License-Identifier: Apache-2.0
 * The C half of exchange.F90: takes Fortran's integers for handles, uses what they stand for, and gives back integers.
 * It keeps the C handles over checkpoints, and compares. */
#include <mpi.h>

static MPI_Comm comm;
static MPI_Group group;
static MPI_Datatype type;
static MPI_Op op;
static MPI_Info info;
static MPI_Errhandler handler;

void c_keep(const MPI_Fint* given) {
  comm = MPI_Comm_f2c(given[0]);
  group = MPI_Group_f2c(given[1]);
  type = MPI_Type_f2c(given[2]);
  op = MPI_Op_f2c(given[3]);
  info = MPI_Info_f2c(given[4]);
  handler = MPI_Errhandler_f2c(given[5]);
}

/* 1 if the C handles still have these integers, and these integers the C handles. */
int c_same(const MPI_Fint* given) {
  return MPI_Comm_c2f(comm) == given[0] && MPI_Comm_f2c(given[0]) == comm && MPI_Group_c2f(group) == given[1] &&
         MPI_Group_f2c(given[1]) == group && MPI_Type_c2f(type) == given[2] && MPI_Type_f2c(given[2]) == type &&
         MPI_Op_c2f(op) == given[3] && MPI_Op_f2c(given[3]) == op && MPI_Info_c2f(info) == given[4] &&
         MPI_Info_f2c(given[4]) == info && MPI_Errhandler_c2f(handler) == given[5] &&
         MPI_Errhandler_f2c(given[5]) == handler;
}

/* Reduces with Fortran's operation on Fortran's communicator: of one element of Fortran's type. */
void c_reduce(void* from, void* to) { MPI_Allreduce(from, to, 1, type, op, comm); }

/* Objects that C makes and Fortran uses and frees. */
void c_make(MPI_Fint* made) {
  MPI_Comm new_comm;
  MPI_Group new_group;
  MPI_Datatype new_type;
  MPI_Info new_info;
  MPI_Comm_dup(comm, &new_comm);
  MPI_Comm_group(new_comm, &new_group);
  MPI_Type_contiguous(3, MPI_INT, &new_type);
  MPI_Type_commit(&new_type);
  MPI_Info_create(&new_info);
  MPI_Info_set(new_info, "made", "in C");
  made[0] = MPI_Comm_c2f(new_comm);
  made[1] = MPI_Group_c2f(new_group);
  made[2] = MPI_Type_c2f(new_type);
  made[3] = MPI_Info_c2f(new_info);
}

/* Fortran's requests are waited for here; the integers and statuses go back. */
void c_wait(int count, MPI_Fint* requests, MPI_Fint* f_statuses) {
  MPI_Request c_requests[4];
  MPI_Status statuses[4];
  for (int i = 0; i < count; ++i) c_requests[i] = MPI_Request_f2c(requests[i]);
  MPI_Waitall(count, c_requests, statuses);
  for (int i = 0; i < count; ++i) {
    requests[i] = MPI_Request_c2f(c_requests[i]);
    MPI_Status_c2f(&statuses[i], f_statuses + i * (int)(sizeof(MPI_Status) / sizeof(MPI_Fint)));
  }
}

/* Begun here, waited for in Fortran. */
MPI_Fint c_receive(int* where, int source, int tag) {
  MPI_Request request;
  MPI_Irecv(where, 1, MPI_INT, source, tag, comm, &request);
  return MPI_Request_c2f(request);
}

/* The source of a Fortran status; a message that Fortran has matched. */
int c_source(const MPI_Fint* status) {
  MPI_Status c_status;
  MPI_Status_f2c(status, &c_status);
  return c_status.MPI_SOURCE;
}

int c_receive_matched(MPI_Fint message) {
  int value = -1;
  MPI_Message c_message = MPI_Message_f2c(message);
  MPI_Mrecv(&value, 1, MPI_INT, &c_message, MPI_STATUS_IGNORE);
  return c_message == MPI_MESSAGE_NULL ? value : -1;
}

/* Windows and files have integers, too. */
int c_window_size(MPI_Fint win) {
  MPI_Aint* size = NULL;
  int there = 0;
  MPI_Win_get_attr(MPI_Win_f2c(win), MPI_WIN_SIZE, &size, &there);
  return there && MPI_Win_c2f(MPI_Win_f2c(win)) == win ? (int)*size : -1;
}

int c_file_mode(MPI_Fint file) {
  int mode = 0;
  MPI_File_get_amode(MPI_File_f2c(file), &mode);
  return MPI_File_c2f(MPI_File_f2c(file)) == file ? mode : -1;
}

/* The predefined handles that Fortran knows as constants. */
int c_predefined(const MPI_Fint* given) {
  return MPI_Comm_f2c(given[0]) == MPI_COMM_WORLD && MPI_Comm_f2c(given[1]) == MPI_COMM_NULL &&
         MPI_Type_f2c(given[2]) == MPI_INTEGER && MPI_Op_f2c(given[3]) == MPI_SUM &&
         MPI_Group_f2c(given[4]) == MPI_GROUP_EMPTY && MPI_Request_f2c(given[5]) == MPI_REQUEST_NULL &&
         MPI_Info_f2c(given[6]) == MPI_INFO_NULL && MPI_Errhandler_f2c(given[7]) == MPI_ERRORS_RETURN &&
         MPI_Message_f2c(given[8]) == MPI_MESSAGE_NULL && MPI_F_STATUS_IGNORE != NULL &&
         MPI_F_STATUSES_IGNORE != NULL && MPI_Comm_f2c(-1) == NULL && MPI_Comm_f2c(1000000) == NULL;
}
