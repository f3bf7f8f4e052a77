/* SPDX-License-Identifier: Apache-2.0 */
/* Error handlers of all kinds, error codes of the application; argument: how to end ("fatal", "abort", "early", ...).
 */
#include "say.h"

static void handler(MPI_Comm *comm, int *code, ...) {
  say("comm handler world %d code %d", *comm == MPI_COMM_WORLD, *code);
}
static void win_handler(MPI_Win *win, int *code, ...) { say("win handler code %d", *code); }
static void file_handler(MPI_File *file, int *code, ...) { say("file handler code %d", *code); }

static void communicators(void) {
  MPI_Errhandler h, got;
  int x = 0;
  MPI_Comm dup;
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &got);
  say("default is fatal %d", got == MPI_ERRORS_ARE_FATAL);
  MPI_Comm_create_errhandler(handler, &h);
  SAY(MPI_Comm_set_errhandler(MPI_COMM_WORLD, h));
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &got);
  say("got %d", got == h);
  MPI_Errhandler_free(&got);
  MPI_Errhandler_free(&h);
  say("null %d", h == MPI_ERRHANDLER_NULL);
  SAY(MPI_Bcast(&x, 1, MPI_INT, 77, MPI_COMM_WORLD));
  SAY(MPI_Send(&x, 1, MPI_INT, 77, 0, MPI_COMM_WORLD));
  SAY(MPI_Send(&x, 1, MPI_DATATYPE_NULL, 0, 0, MPI_COMM_WORLD));
  SAY(MPI_Send(&x, 1, MPI_INT, 0, -3, MPI_COMM_WORLD));
  SAY(MPI_Recv(&x, -1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
  SAY(MPI_Comm_call_errhandler(MPI_COMM_WORLD, MPI_ERR_TRUNCATE));
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  SAY(MPI_Reduce(&x, NULL, 1, MPI_INT, MPI_OP_NULL, 0, dup));
  SAY(MPI_Comm_rank(MPI_COMM_NULL, &x));
  MPI_Comm_free(&dup);
  int y[2] = {1, 2};
  MPI_Request request;
  MPI_Isend(y, 2, MPI_INT, say_rank, 9, MPI_COMM_WORLD, &request);
  SAY(MPI_Recv(&x, 1, MPI_INT, say_rank, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  SAY(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  SAY(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRHANDLER_NULL));
  SAY(MPI_Errhandler_free(&h));
}

static void persistent_requests(void) {
  MPI_Request r = MPI_REQUEST_NULL;
  int x = 0;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  SAY(MPI_Send_init(&x, -1, MPI_INT, 0, 1, MPI_COMM_WORLD, &r));
  SAY(MPI_Send_init(&x, 1, MPI_DATATYPE_NULL, 0, 1, MPI_COMM_WORLD, &r));
  SAY(MPI_Ssend_init(&x, 1, MPI_INT, 77, 1, MPI_COMM_WORLD, &r));
  SAY(MPI_Bsend_init(&x, 1, MPI_INT, 0, -2, MPI_COMM_WORLD, &r));
  SAY(MPI_Rsend_init(&x, 1, MPI_INT, MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, &r));
  SAY(MPI_Recv_init(&x, -1, MPI_INT, 0, 1, MPI_COMM_WORLD, &r));
  SAY(MPI_Recv_init(&x, 1, MPI_INT, 77, 1, MPI_COMM_WORLD, &r));
  SAY(MPI_Recv_init(&x, 1, MPI_INT, 0, -7, MPI_COMM_WORLD, &r));
  SAY(MPI_Recv_init(&x, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, NULL));
  SAY(MPI_Startall(-1, &r));
  SAY(MPI_Startall(1, NULL));
}

/* Short messages are sent at once, whether or not the buffer has room for them. */
static void small_buffers(void) {
  enum { many = 50 };
  char room[MPI_BSEND_OVERHEAD + 8];
  void *buffer;
  int x = 5, size, sum = 0;
  SAY(MPI_Bsend(&x, 1, MPI_INT, say_rank, 3, MPI_COMM_WORLD));
  MPI_Buffer_attach(room, sizeof room);
  for (int i = 0; i < many; i++) SAY(MPI_Bsend(&i, 1, MPI_INT, say_rank, 3, MPI_COMM_WORLD));
  for (int i = 0; i < many + 1; i++, sum += x) MPI_Recv(&x, 1, MPI_INT, say_rank, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Buffer_detach(&buffer, &size);
  say("sum %d, buffer of %d", sum, size);
}

static void windows_and_files(void) {
  MPI_Errhandler h, got;
  MPI_Win win;
  int data = 0;
  MPI_Win_create(&data, sizeof data, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  MPI_Win_get_errhandler(win, &got);
  say("window default is fatal %d", got == MPI_ERRORS_ARE_FATAL);
  MPI_Win_create_errhandler(win_handler, &h);
  MPI_Win_set_errhandler(win, h);
  SAY(MPI_Win_lock(12345, 0, 0, win));
  SAY(MPI_Put(&data, 1, MPI_INT, 55, 0, 1, MPI_INT, win));
  MPI_Win_call_errhandler(win, MPI_ERR_RMA_SYNC);
  MPI_Errhandler_free(&h);
  MPI_Win_free(&win);
  MPI_File file;
  MPI_File_get_errhandler(MPI_FILE_NULL, &got);
  say("file default is return %d", got == MPI_ERRORS_RETURN);
  SAY(MPI_File_open(MPI_COMM_SELF, "/nowhere/at/all", MPI_MODE_RDONLY, MPI_INFO_NULL, &file));
  MPI_File_create_errhandler(file_handler, &h);
  MPI_File_set_errhandler(MPI_FILE_NULL, h);
  SAY(MPI_File_open(MPI_COMM_SELF, "/nowhere/at/all", MPI_MODE_RDONLY, MPI_INFO_NULL, &file));
  MPI_File_call_errhandler(MPI_FILE_NULL, MPI_ERR_IO);
  MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN);
  MPI_Errhandler_free(&h);
}

static void codes(void) {
  int class1, class2, code1, class_of, length, *last, flag;
  char text[MPI_MAX_ERROR_STRING];
  SAY(MPI_Add_error_class(&class1));
  SAY(MPI_Add_error_code(class1, &code1));
  SAY(MPI_Add_error_string(code1, "too few apples"));
  SAY(MPI_Add_error_class(&class2));
  say("numbers %d %d %d", class1, code1, class2);
  MPI_Error_class(code1, &class_of);
  MPI_Error_string(code1, text, &length);
  say("class %d text %s %d", class_of, text, length);
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &last, &flag);
  say("last used %d", *last);
  for (int i = 0; i <= MPI_ERR_LASTCODE; i += 7) {
    MPI_Error_string(i, text, &length);
    say("%d: %s", i, text);
  }
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  int x = 0;
  if (strcmp(how, "early") == 0) MPI_Comm_rank(MPI_COMM_WORLD, &x);
  if (strcmp(how, "early-bcast") == 0) MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD);
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm dup;
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  MPI_Comm_set_name(dup, "the doomed");
  if (strcmp(how, "fatal") == 0 && say_rank == 0) MPI_Bcast(&x, 1, MPI_INT, 99, MPI_COMM_WORLD);
  if (strcmp(how, "fatal-named") == 0 && say_rank == 0) MPI_Send(&x, 1, MPI_INT, 99, 0, dup);
  if (strcmp(how, "abort") == 0 && say_rank == 0) MPI_Abort(MPI_COMM_WORLD, 42);
  if (strcmp(how, "exit") == 0 && say_rank == 0) exit(3);
  if (how[0] != '\0') MPI_Barrier(dup);
  communicators();
  persistent_requests();
  small_buffers();
  windows_and_files();
  codes();
  MPI_Comm_free(&dup);
  MPI_Finalize();
  if (strcmp(how, "late") == 0) MPI_Barrier(MPI_COMM_WORLD);
  return 0;
}
