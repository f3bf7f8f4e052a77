/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that make requests, messages, operations and hints, and those that answer by numbers and statuses,
 * with inputs that the library refuses. */
#include "failing.h"

static MPI_Info info;

static void requests(void) {
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Comm const self = MPI_COMM_SELF;
#define SENDS(function)                                                                         \
  MAKES(function(data, 1, MPI_INT, 77, 0, self, &request), request, MPI_REQUEST_NULL);          \
  MAKES(function(data, -1, MPI_INT, 0, 0, self, &request), request, MPI_REQUEST_NULL);          \
  MAKES(function(data, 1, MPI_INT, 0, -9, self, &request), request, MPI_REQUEST_NULL);          \
  MAKES(function(data, 1, MPI_DATATYPE_NULL, 0, 0, self, &request), request, MPI_REQUEST_NULL); \
  MAKES(function(data, 1, MPI_INT, 0, 0, MPI_COMM_NULL, &request), request, MPI_REQUEST_NULL)
  SENDS(MPI_Isend);
  SENDS(MPI_Ibsend);
  SENDS(MPI_Issend);
  SENDS(MPI_Irsend);
  SENDS(MPI_Irecv);
  SENDS(MPI_Send_init);
  SENDS(MPI_Bsend_init);
  SENDS(MPI_Ssend_init);
  SENDS(MPI_Rsend_init);
  SENDS(MPI_Recv_init);
  MAKES(MPI_Ibarrier(MPI_COMM_NULL, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ibcast(data, 1, MPI_INT, 77, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ibcast(data, 1, MPI_INT, 0, MPI_COMM_NULL, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Igather(data, 1, MPI_INT, data + 1, 1, MPI_INT, 77, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Igatherv(data, 1, MPI_INT, data + 1, one, one, MPI_INT, 77, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iscatter(data, 1, MPI_INT, data + 1, 1, MPI_INT, 77, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iscatterv(data, one, one, MPI_INT, data + 1, 1, MPI_INT, 77, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iallgather(data, -1, MPI_INT, data + 1, -1, MPI_INT, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iallgatherv(data, -1, MPI_INT, data + 1, one, one, MPI_DATATYPE_NULL, self, &request), request,
        MPI_REQUEST_NULL);
  MAKES(MPI_Ialltoall(data, -1, MPI_INT, data + 1, -1, MPI_INT, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ialltoallv(data, NULL, one, MPI_INT, data + 1, one, one, MPI_INT, self, &request), request,
        MPI_REQUEST_NULL);
  MAKES(MPI_Ireduce(data, data + 1, 1, MPI_INT, MPI_OP_NULL, 0, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ireduce(data, data + 1, 1, MPI_INT, MPI_SUM, 77, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iallreduce(data, data + 1, -1, MPI_INT, MPI_SUM, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ireduce_scatter(data, data + 1, negative, MPI_INT, MPI_SUM, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ireduce_scatter_block(data, data + 1, -1, MPI_INT, MPI_SUM, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iscan(data, data + 1, 1, MPI_INT, MPI_OP_NULL, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Iexscan(data, data + 1, 1, MPI_INT, MPI_OP_NULL, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ineighbor_allgather(data, 1, MPI_INT, data + 1, 1, MPI_INT, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Ineighbor_alltoall(data, 1, MPI_INT, data + 1, 1, MPI_INT, self, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_File_iread(MPI_FILE_NULL, data, 1, MPI_INT, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_File_iread_at(MPI_FILE_NULL, 0, data, 1, MPI_INT, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_File_iread_all(MPI_FILE_NULL, data, 1, MPI_INT, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_File_iwrite_at_all(MPI_FILE_NULL, 0, data, 1, MPI_INT, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_File_iwrite_shared(MPI_FILE_NULL, data, 1, MPI_INT, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Rput(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_WIN_NULL, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Rget(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_WIN_NULL, &request), request, MPI_REQUEST_NULL);
  MAKES(MPI_Raccumulate(data, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_SUM, MPI_WIN_NULL, &request), request,
        MPI_REQUEST_NULL);
}

/* n and the status that go with a call. */
#define STATUS(call)                                                                      \
  do {                                                                                    \
    status.MPI_SOURCE = status.MPI_TAG = status.MPI_ERROR = -4242;                        \
    COUNTS(call);                                                                         \
    say("  its status is %d %d %d", status.MPI_SOURCE, status.MPI_TAG, status.MPI_ERROR); \
  } while (0)

static void completions(void) {
  MPI_Message message;
  MPI_Status status;
  int flag = -4242, indices[2] = {-4242, -4242};
  MPI_Request none[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
  MAKES(MPI_Improbe(0, 1, MPI_COMM_SELF, &flag, &message, &status), message, MPI_MESSAGE_NULL);
  say("flag %d", flag);
  flag = -4242;
  MAKES(MPI_Improbe(77, 1, MPI_COMM_SELF, &flag, &message, &status), message, MPI_MESSAGE_NULL);
  say("flag %d", flag);
  MAKES(MPI_Improbe(MPI_PROC_NULL, 1, MPI_COMM_SELF, &flag, &message, &status), message, MPI_MESSAGE_NO_PROC);
  MAKES(MPI_Mprobe(77, 1, MPI_COMM_SELF, &message, &status), message, MPI_MESSAGE_NULL);
  MAKES(MPI_Mprobe(0, -9, MPI_COMM_SELF, &message, &status), message, MPI_MESSAGE_NULL);
  message = MPI_MESSAGE_NULL;
  STATUS(MPI_Iprobe(77, 1, MPI_COMM_SELF, &n, &status));
  STATUS(MPI_Iprobe(0, 1, MPI_COMM_SELF, &n, &status));
  STATUS(MPI_Probe(77, 1, MPI_COMM_SELF, &status));
  STATUS(MPI_Recv(data, -1, MPI_INT, 0, 1, MPI_COMM_SELF, &status));
  STATUS(MPI_Recv(data, 1, MPI_INT, 77, 1, MPI_COMM_SELF, &status));
  STATUS(MPI_Sendrecv(data, 1, MPI_INT, 77, 1, data, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &status));
  STATUS(MPI_Sendrecv_replace(data, 1, MPI_INT, 77, 1, 0, 1, MPI_COMM_SELF, &status));
  STATUS(MPI_Waitany(-1, none, &n, &status));
  STATUS(MPI_Waitany(2, none, &n, &status));
  STATUS(MPI_Testany(-1, none, indices, &n, &status));
  STATUS(MPI_Testany(2, none, indices, &n, &status));
  STATUS(MPI_Waitsome(-1, none, &n, indices, &status));
  STATUS(MPI_Testsome(-1, none, &n, indices, &status));
  STATUS(MPI_Testall(-1, none, &n, &status));
  STATUS(MPI_Waitall(-1, none, &status));
  STATUS(MPI_Request_get_status(MPI_REQUEST_NULL, &n, &status));
  STATUS(MPI_File_read(MPI_FILE_NULL, data, 1, MPI_INT, &status));
  say("indices %d %d", indices[0], indices[1]);
  COUNTS(MPI_Waitany(2, none, NULL, &status));
  COUNTS(MPI_Waitany(2, NULL, &n, &status));
  COUNTS(MPI_Testany(2, none, NULL, &n, &status));
  COUNTS(MPI_Testany(2, none, &n, NULL, &status));
  COUNTS(MPI_Waitsome(2, none, NULL, indices, &status));
  COUNTS(MPI_Waitsome(2, none, &n, NULL, &status));
  COUNTS(MPI_Testsome(2, none, NULL, indices, &status));
  COUNTS(MPI_Testsome(2, none, &n, NULL, &status));
  COUNTS(MPI_Testall(2, none, NULL, &status));
  COUNTS(MPI_Test(none, NULL, &status));
  COUNTS(MPI_Request_get_status(none[0], NULL, &status));
  COUNTS(MPI_Mprobe(0, 1, MPI_COMM_SELF, NULL, &status));
}

static void dummy(void *in, void *inout, int *length, MPI_Datatype *of) {}

static void others(void) {
  MPI_Op op;
  MPI_Errhandler handler;
  void *value = preset;
  MPI_Info const null = MPI_INFO_NULL;
  char text[MPI_MAX_INFO_VAL + 1] = "as it was";
  MAKES(MPI_Op_create(NULL, 1, &op), op, MPI_OP_NULL);
  COUNTS(MPI_Op_create(dummy, 1, NULL));
  COUNTS(MPI_Op_commutative(MPI_OP_NULL, &n));
  MAKES(MPI_Comm_create_errhandler(NULL, &handler), handler, MPI_ERRHANDLER_NULL);
  MAKES(MPI_Win_create_errhandler(NULL, &handler), handler, MPI_ERRHANDLER_NULL);
  MAKES(MPI_File_create_errhandler(NULL, &handler), handler, MPI_ERRHANDLER_NULL);
  MAKES(MPI_Comm_get_errhandler(MPI_COMM_NULL, &handler), handler, MPI_ERRHANDLER_NULL);
  MAKES(MPI_Win_get_errhandler(MPI_WIN_NULL, &handler), handler, MPI_ERRHANDLER_NULL);
  MAKES(MPI_Info_dup(MPI_INFO_NULL, &info), info, MPI_INFO_NULL);
  MAKES(MPI_Comm_get_info(MPI_COMM_NULL, &info), info, MPI_INFO_NULL);
  MAKES(MPI_Win_get_info(MPI_WIN_NULL, &info), info, MPI_INFO_NULL);
  MAKES(MPI_File_get_info(MPI_FILE_NULL, &info), info, MPI_INFO_NULL);
  COUNTS(MPI_Info_get_nkeys(null, &n));
  COUNTS(MPI_Info_get(null, "key", 5, text, &n));
  COUNTS(MPI_Info_get_valuelen(null, "key", &n, &n));
  COUNTS(MPI_Info_get_nthkey(null, 0, text));
  say("text %s", text);
  COUNTS(MPI_Comm_create_keyval(NULL, NULL, &n, NULL));
  COUNTS(MPI_Type_create_keyval(NULL, NULL, &n, NULL));
  COUNTS(MPI_Win_create_keyval(NULL, NULL, &n, NULL));
  COUNTS(MPI_Comm_get_attr(MPI_COMM_NULL, MPI_TAG_UB, &value, &n));
  COUNTS(MPI_Comm_get_attr(MPI_COMM_SELF, MPI_KEYVAL_INVALID, &value, &n));
  COUNTS(MPI_Comm_get_attr(MPI_COMM_SELF, 12345, &value, &n));
  COUNTS(MPI_Type_get_attr(MPI_DATATYPE_NULL, 12345, &value, &n));
  COUNTS(MPI_Win_get_attr(MPI_WIN_NULL, MPI_WIN_BASE, &value, &n));
  say("value %s", state(&value, NULL));
  COUNTS(MPI_Buffer_detach(&value, &n));
  COUNTS(MPI_Buffer_detach(NULL, &n));
  COUNTS(MPI_Buffer_attach(NULL, 100));
  COUNTS(MPI_Buffer_attach(text, -1));
  COUNTS(MPI_Buffer_attach(text, 0));
  COUNTS(MPI_Buffer_attach(text, 100));
  say("a second buffer: %d", MPI_Buffer_attach(text, 50));
  COUNTS(MPI_Buffer_detach(&value, &n));
  say("detached twice: %d", MPI_Buffer_detach(&value, &n));
  value = preset;
  n = MPI_KEYVAL_INVALID;
  say("free %d", class_of(MPI_Comm_free_keyval(&n)));
  COUNTS(MPI_Comm_free_keyval(NULL));
  COUNTS(MPI_Win_free_keyval(&n));
  value = preset;
  COUNTS(MPI_Alloc_mem(-1, MPI_INFO_NULL, &value));
  say("value %s", state(&value, NULL));
}

static void numbers(void) {
  MPI_Group all;
  MPI_Aint lower = -4242, extent = -4242;
  char name[MPI_MAX_OBJECT_NAME] = "as it was";
  int several[4] = {-4242, -4242, -4242, -4242};
  MPI_Comm_group(MPI_COMM_SELF, &all);
  COUNTS(MPI_Comm_rank(MPI_COMM_NULL, &n));
  COUNTS(MPI_Comm_size(MPI_COMM_NULL, &n));
  COUNTS(MPI_Comm_remote_size(MPI_COMM_SELF, &n));
  COUNTS(MPI_Comm_remote_size(MPI_COMM_NULL, &n));
  COUNTS(MPI_Comm_test_inter(MPI_COMM_NULL, &n));
  COUNTS(MPI_Comm_compare(MPI_COMM_NULL, MPI_COMM_SELF, &n));
  COUNTS(MPI_Comm_get_name(MPI_COMM_NULL, name, &n));
  COUNTS(MPI_Topo_test(MPI_COMM_NULL, &n));
  COUNTS(MPI_Cartdim_get(MPI_COMM_SELF, &n));
  COUNTS(MPI_Cart_rank(MPI_COMM_SELF, one, &n));
  COUNTS(MPI_Cart_shift(MPI_COMM_SELF, 0, 1, &n, several));
  COUNTS(MPI_Cart_map(MPI_COMM_SELF, 2, many, one, &n));
  COUNTS(MPI_Graphdims_get(MPI_COMM_SELF, &n, several));
  COUNTS(MPI_Graph_neighbors_count(MPI_COMM_SELF, 0, &n));
  COUNTS(MPI_Graph_map(MPI_COMM_SELF, 5, one, one, &n));
  COUNTS(MPI_Dist_graph_neighbors_count(MPI_COMM_SELF, &n, several, several + 1));
  COUNTS(MPI_Group_rank(MPI_GROUP_NULL, &n));
  COUNTS(MPI_Group_size(MPI_GROUP_NULL, &n));
  COUNTS(MPI_Group_compare(all, MPI_GROUP_NULL, &n));
  COUNTS(MPI_Group_translate_ranks(all, 1, far, MPI_GROUP_NULL, &n));
  COUNTS(MPI_Type_size(MPI_DATATYPE_NULL, &n));
  COUNTS(MPI_Type_get_extent(MPI_DATATYPE_NULL, &lower, &extent));
  COUNTS(MPI_Type_get_true_extent(MPI_DATATYPE_NULL, &lower, &extent));
  COUNTS(MPI_Type_get_envelope(MPI_DATATYPE_NULL, &n, several, several + 1, several + 2));
  COUNTS(MPI_Type_get_name(MPI_DATATYPE_NULL, name, &n));
  COUNTS(MPI_Pack_size(-1, MPI_INT, MPI_COMM_SELF, &n));
  COUNTS(MPI_Pack_size(1, MPI_DATATYPE_NULL, MPI_COMM_SELF, &n));
  n = 0;
  COUNTS(MPI_Pack(data, 1, MPI_INT, data, 2, &n, MPI_COMM_NULL));
  COUNTS(MPI_Error_class(-3, &n));
  COUNTS(MPI_Error_string(-3, name, &n));
  COUNTS(MPI_Dims_create(-1, 2, several));
  COUNTS(MPI_Win_get_name(MPI_WIN_NULL, name, &n));
  say("others %d %d %d %d, %ld %ld, %s", several[0], several[1], several[2], several[3], (long)lower, (long)extent,
      name);
  MPI_Group_free(&all);
}

int main(int argc, char **argv) {
  begin(&argc, &argv);
  requests();
  completions();
  others();
  numbers();
  MPI_Finalize();
  return 0;
}
