/* SPDX-License-Identifier: Apache-2.0 */
/* errors FILE: error handlers of communicators, windows and files, by the calls of today and those of MPI-1, and codes
 * of the program's own. Handlers set in the first half are called in the second. */
#include "halves.h"

/* Programs that were built long ago call these; mpi.h hides them. */
#undef MPI_Errhandler_create
#undef MPI_Errhandler_get
#undef MPI_Errhandler_set
int MPI_Errhandler_create(MPI_Comm_errhandler_function *, MPI_Errhandler *);
int MPI_Errhandler_get(MPI_Comm, MPI_Errhandler *);
int MPI_Errhandler_set(MPI_Comm, MPI_Errhandler);

static int comm_calls, old_calls, win_calls, file_calls, memory, error_class, code;
static MPI_Comm comm, old_comm;
static MPI_Win win;
static MPI_File file;
static MPI_Errhandler on_comm, on_old, on_win, on_file;

static void comm_handler(MPI_Comm *of, int *error, ...) { comm_calls += *of == comm && *error == code; }
static void old_handler(MPI_Comm *of, int *error, ...) { old_calls += *of == old_comm && *error == MPI_ERR_ROOT; }
static void win_handler(MPI_Win *of, int *error, ...) { win_calls += *of == win && *error == code; }
static void file_handler(MPI_File *of, int *error, ...) { file_calls += *of == file && *error == code; }

/* What has a handler from the start: the first half sets others, the second is told. */
static int world_calls, self_calls, no_file_calls;
static void world_handler(MPI_Comm *of, int *error, ...) { world_calls += *of == MPI_COMM_WORLD; }
static void self_handler(MPI_Comm *of, int *error, ...) { self_calls += *of == MPI_COMM_SELF; }
static void no_file_handler(MPI_File *of, int *error, ...) { no_file_calls += *of == MPI_FILE_NULL; }

static void set_predefined(void) {
  MPI_Errhandler handler;
  OK(MPI_Comm_create_errhandler(world_handler, &handler));
  OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler));
  OK(MPI_Errhandler_free(&handler));
  OK(MPI_Comm_create_errhandler(self_handler, &handler));
  OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, handler));
  OK(MPI_Errhandler_free(&handler));
  OK(MPI_File_create_errhandler(no_file_handler, &handler));
  OK(MPI_File_set_errhandler(MPI_FILE_NULL, handler));
  OK(MPI_Errhandler_free(&handler));
}

static void call_predefined(void) {
  MPI_File none;
  CHECK(MPI_File_open(MPI_COMM_SELF, "/nowhere/at/all", MPI_MODE_RDONLY, MPI_INFO_NULL, &none) != MPI_SUCCESS);
  CHECK(no_file_calls == 1 && world_calls == 0 && self_calls == 0);
  CHECK(MPI_Send(&memory, 1, MPI_INT, 77, 0, MPI_COMM_SELF) != MPI_SUCCESS);
  CHECK(self_calls == 1 && world_calls == 0);
  CHECK(MPI_Send(&memory, 1, MPI_INT, 77, 0, MPI_COMM_WORLD) != MPI_SUCCESS);
  CHECK(MPI_Comm_size(MPI_COMM_NULL, &memory) != MPI_SUCCESS);
  CHECK(self_calls == 1 && world_calls == 2 && no_file_calls == 1);
}

static void make(void) {
  OK(MPI_Add_error_class(&error_class));
  OK(MPI_Add_error_code(error_class, &code));
  OK(MPI_Add_error_string(code, "it was the cat"));
  OK(MPI_Comm_dup(MPI_COMM_WORLD, &comm));
  OK(MPI_Comm_dup(MPI_COMM_WORLD, &old_comm));
  OK(MPI_Win_create(&memory, sizeof memory, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  OK(MPI_File_open(MPI_COMM_WORLD, "errors.data", MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file));
  OK(MPI_Comm_create_errhandler(comm_handler, &on_comm));
  OK(MPI_Errhandler_create(old_handler, &on_old));
  OK(MPI_Win_create_errhandler(win_handler, &on_win));
  OK(MPI_File_create_errhandler(file_handler, &on_file));
}

static void set(void) {
  OK(MPI_Comm_set_errhandler(comm, on_comm));
  OK(MPI_Errhandler_set(old_comm, on_old));
  OK(MPI_Win_set_errhandler(win, on_win));
  OK(MPI_File_set_errhandler(file, on_file));
}

static void expect(MPI_Errhandler c, MPI_Errhandler o, MPI_Errhandler w, MPI_Errhandler f) {
  MPI_Errhandler got[4];
  OK(MPI_Comm_get_errhandler(comm, &got[0]));
  OK(MPI_Errhandler_get(old_comm, &got[1]));
  OK(MPI_Win_get_errhandler(win, &got[2]));
  OK(MPI_File_get_errhandler(file, &got[3]));
  CHECK(got[0] == c && got[1] == o && got[2] == w && got[3] == f);
  for (int i = 0; i < 4; i++) OK(MPI_Errhandler_free(&got[i]));
}

static void call(int times) {
  const int before = times - 1;
  CHECK(comm_calls == before && old_calls == before && win_calls == before && file_calls == before);
  OK(MPI_Comm_call_errhandler(comm, code));
  CHECK(MPI_Bcast(&memory, 1, MPI_INT, size + 5, old_comm) == MPI_ERR_ROOT);
  OK(MPI_Win_call_errhandler(win, code));
  OK(MPI_File_call_errhandler(file, code));
  CHECK(comm_calls == times && old_calls == times && win_calls == times && file_calls == times);
}

static void words(void) {
  char text[MPI_MAX_ERROR_STRING];
  int length, of, *last, there;
  OK(MPI_Error_class(code, &of));
  CHECK(of == error_class);
  OK(MPI_Error_string(code, text, &length));
  CHECK(strcmp(text, "it was the cat") == 0 && length == (int)strlen(text));
  OK(MPI_Error_class(MPI_ERR_TRUNCATE, &of));
  CHECK(of == MPI_ERR_TRUNCATE);
  OK(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &last, &there));
  CHECK(there && *last >= code);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  make();
  set();
  expect(on_comm, on_old, on_win, on_file);
  call(1);
  words();

  set_predefined();

  halves_between(argv[1]);

  call_predefined();
  words();
  expect(on_comm, on_old, on_win, on_file);
  call(2);
  OK(MPI_Errhandler_free(&on_comm)); /* what has them set keeps them */
  OK(MPI_Errhandler_free(&on_old));
  OK(MPI_Errhandler_free(&on_win));
  OK(MPI_Errhandler_free(&on_file));
  CHECK(on_comm == MPI_ERRHANDLER_NULL && on_file == MPI_ERRHANDLER_NULL);
  call(3);
  const int first = code;
  OK(MPI_Add_error_code(error_class, &code));
  CHECK(code > first);
  OK(MPI_Add_error_string(code, "no, it was the dog"));
  code = first;
  words();
  OK(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
  OK(MPI_Errhandler_set(old_comm, MPI_ERRORS_RETURN));
  OK(MPI_Win_set_errhandler(win, MPI_ERRORS_RETURN));
  OK(MPI_File_set_errhandler(file, MPI_ERRORS_RETURN));
  expect(MPI_ERRORS_RETURN, MPI_ERRORS_RETURN, MPI_ERRORS_RETURN, MPI_ERRORS_RETURN);
  OK(MPI_File_close(&file));
  OK(MPI_Win_free(&win));
  OK(MPI_Comm_free(&old_comm));
  OK(MPI_Comm_free(&comm));
  halves_end();
  return 0;
}
