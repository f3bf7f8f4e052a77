/* SPDX-License-Identifier: Apache-2.0 */
/* large FILE: messages of more bytes than an int counts, of which the checkpoint meets a synchronous one, one of a
 * persistent request, and one of an MPI_Sendrecv_replace that waits for its other half. Needs 12 GiB of memory for two
 * ranks; nearly all bytes are zero. */
#include "halves/halves.h"

enum { kParts = 5, kPart = 430000001, kMarks = 20, kTag = 7 };
static const MPI_Count kBytes = (MPI_Count)kParts * kPart;

static MPI_Datatype part, whole;
static char *data, *own;

static char *mark(char *of, int i) { return of + (kBytes - 1) / (kMarks - 1) * i; }
static char *make(int from) {
  char *made = calloc(1, (size_t)kBytes);
  CHECK(made != NULL);
  for (int i = 0; i < kMarks; i++) *mark(made, i) = (char)(from * 100 + i + 1);
  return made;
}
static void check(char *got, int from) {
  for (int i = 0; i < kMarks; i++) CHECK(*mark(got, i) == (char)(from * 100 + i + 1));
}

static void check_status(MPI_Status *status, int tag) {
  int count, elements;
  MPI_Count wide;
  OK(MPI_Get_count(status, part, &count));
  CHECK(count == kParts && status->MPI_TAG == tag);
  OK(MPI_Get_elements(status, part, &elements));
  CHECK(elements == MPI_UNDEFINED);
  OK(MPI_Get_elements_x(status, part, &wide));
  CHECK(wide == kBytes);
}

static void sizes(void) {
  int size_of;
  MPI_Count wide, lower, extent;
  OK(MPI_Type_size(whole, &size_of));
  OK(MPI_Type_size_x(whole, &wide));
  CHECK(size_of == MPI_UNDEFINED && wide == kBytes);
  OK(MPI_Type_get_extent_x(whole, &lower, &extent));
  CHECK(lower == 0 && extent == kBytes);
  OK(MPI_Type_get_true_extent_x(whole, &lower, &extent));
  CHECK(lower == 0 && extent == kBytes);
}

static void replace(void) {
  MPI_Status status;
  OK(MPI_Sendrecv_replace(own, kParts, part, right, kTag, left, kTag, MPI_COMM_WORLD, &status));
  check_status(&status, kTag);
  check(own, left);
}

/* No buffer can be attached that has room for it. */
static void buffered(void) {
  static char room[5000];
  void *back;
  int size_of, class_of;
  OK(MPI_Buffer_attach(room, sizeof room));
  OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  OK(MPI_Error_class(MPI_Bsend(data, kParts, part, right, kTag, MPI_COMM_WORLD), &class_of));
  CHECK(class_of == MPI_ERR_BUFFER);
  OK(MPI_Error_class(MPI_Bsend(data, 1, whole, right, kTag, MPI_COMM_WORLD), &class_of));
  CHECK(class_of == MPI_ERR_BUFFER);
  OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL));
  OK(MPI_Buffer_detach(&back, &size_of));
}

static void sends(void) {
  MPI_Request requests[2];
  OK(MPI_Issend(data, 1, whole, 1, 1, MPI_COMM_WORLD, &requests[0]));
  OK(MPI_Send_init(data, kParts, part, 1, 2, MPI_COMM_WORLD, &requests[1]));
  OK(MPI_Start(&requests[1]));
  replace(); /* until the other half comes behind the restart */
  OK(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE));
  OK(MPI_Request_free(&requests[1]));
}

static void receives(const char *stop) {
  for (int round = 0; access(stop, F_OK) != 0; round++) {
    int flag;
    printf("round %d\n", round), fflush(stdout);
    usleep(20000);
    OK(MPI_Iprobe(0, 99, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE));
  }
  MPI_Status status;
  sizes();
  replace();
  for (int tag = 2; tag >= 1; tag--) {
    memset(data, 9, 1);
    OK(MPI_Recv(data, kParts, part, 0, tag, MPI_COMM_WORLD, &status));
    check_status(&status, tag);
    check(data, 0);
  }
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  CHECK(size == 2);
  OK(MPI_Type_contiguous(kPart, MPI_CHAR, &part));
  OK(MPI_Type_commit(&part));
  OK(MPI_Type_contiguous(kParts, part, &whole));
  OK(MPI_Type_commit(&whole));
  data = make(rank);
  own = make(rank);
  sizes();
  buffered();
  if (rank == 0)
    sends();
  else
    receives(argv[1]);
  sizes();
  free(own);
  own = make(rank);
  replace();
  halves_end();
  return 0;
}
