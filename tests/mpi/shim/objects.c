/* SPDX-License-Identifier: Apache-2.0 */
/* Info objects, Fortran integers, windows, files, memory, versions. */
#include "say.h"

static void info(void) {
  MPI_Info a, b;
  char value[MPI_MAX_INFO_VAL + 1], key[MPI_MAX_INFO_KEY + 1];
  int flag, n, length;
  MPI_Info_create(&a);
  MPI_Info_set(a, "colour", "red");
  MPI_Info_set(a, "size", "12");
  MPI_Info_set(a, "colour", "green");
  MPI_Info_dup(a, &b);
  MPI_Info_get_nkeys(b, &n);
  for (int i = 0; i < n; i++) {
    MPI_Info_get_nthkey(b, i, key);
    MPI_Info_get_valuelen(b, key, &length, &flag);
    MPI_Info_get(b, key, 100, value, &flag);
    say("%s = %s %d", key, value, length);
  }
  MPI_Info_get(b, "colour", 3, value, &flag);
  say("short '%s'", value);
  MPI_Info_get(b, "none", 100, value, &flag);
  say("none %d", flag);
  SAY(MPI_Info_delete(b, "none"));
  SAY(MPI_Info_delete(b, "size"));
  SAY(MPI_Info_set(b, "", "x"));
  SAY(MPI_Info_get_nthkey(b, 7, key));
  SAY(MPI_Info_free(&b));
  SAY(MPI_Info_free(&b));
  MPI_Info_get(MPI_INFO_ENV, "maxprocs", 100, value, &flag);
  say("env maxprocs %s", flag ? value : "-");
  MPI_Info_get(MPI_INFO_ENV, "thread_level", 100, value, &flag);
  say("env thread_level %s", flag ? value : "-");
  MPI_Comm dup;
  MPI_Comm_dup_with_info(MPI_COMM_WORLD, a, &dup);
  MPI_Comm_get_info(dup, &b);
  MPI_Info_get_nkeys(b, &n);
  say("keys of the communicator %d", n);
  MPI_Info_free(&b);
  SAY(MPI_Comm_set_info(dup, a));
  MPI_Comm_free(&dup);
  MPI_Info_free(&a);
}

static void fortran(void) {
  say("world %d self %d null %d", MPI_Comm_c2f(MPI_COMM_WORLD), MPI_Comm_c2f(MPI_COMM_SELF),
      MPI_Comm_c2f(MPI_COMM_NULL));
  say("int %d double %d null %d", MPI_Type_c2f(MPI_INT), MPI_Type_c2f(MPI_DOUBLE), MPI_Type_c2f(MPI_DATATYPE_NULL));
  say("real8 %d integer %d", MPI_Type_c2f(MPI_REAL8), MPI_Type_c2f(MPI_INTEGER));
  say("sum %d max %d", MPI_Op_c2f(MPI_SUM), MPI_Op_c2f(MPI_MAX));
  say("info null %d errors %d %d", MPI_Info_c2f(MPI_INFO_NULL), MPI_Errhandler_c2f(MPI_ERRORS_RETURN),
      MPI_Errhandler_c2f(MPI_ERRORS_ARE_FATAL));
  say("request null %d group empty %d", MPI_Request_c2f(MPI_REQUEST_NULL), MPI_Group_c2f(MPI_GROUP_EMPTY));
  MPI_Comm dup;
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  MPI_Fint index = MPI_Comm_c2f(dup);
  say("back %d %d", MPI_Comm_f2c(index) == dup, MPI_Comm_f2c(0) == MPI_COMM_WORLD);
  MPI_Comm_free(&dup);
  say("nobody %d", MPI_Comm_f2c(12345) == NULL);
}

static void windows(int n) {
  int *memory, value = 100 + say_rank, got = -1, right = (say_rank + 1) % n;
  MPI_Win win;
  MPI_Win_allocate(4 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  memory[0] = memory[1] = 0;
  int *flavor, flag;
  MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &flavor, &flag);
  say("flavor %d", *flavor);
  MPI_Win_fence(0, win);
  MPI_Put(&value, 1, MPI_INT, right, 0, 1, MPI_INT, win);
  MPI_Win_fence(0, win);
  say("put %d", memory[0]);
  MPI_Accumulate(&value, 1, MPI_INT, 0, 1, 1, MPI_INT, MPI_SUM, win);
  MPI_Win_fence(0, win);
  if (say_rank == 0) say("accumulated %d", memory[1]);
  MPI_Win_lock(MPI_LOCK_SHARED, right, 0, win);
  MPI_Get(&got, 1, MPI_INT, right, 0, 1, MPI_INT, win);
  MPI_Win_flush(right, win);
  say("get %d", got);
  MPI_Request request;
  got = -1;
  MPI_Rget(&got, 1, MPI_INT, right, 0, 1, MPI_INT, win, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  say("rget %d", got);
  MPI_Win_unlock(right, win);
  MPI_Barrier(MPI_COMM_WORLD);
  int one = 1, before = -1;
  MPI_Win_lock_all(0, win);
  MPI_Fetch_and_op(&one, &before, MPI_INT, 0, 2, MPI_NO_OP, win);
  MPI_Win_unlock_all(win);
  MPI_Group group;
  int size;
  MPI_Win_get_group(win, &group);
  MPI_Group_size(group, &size);
  say("group %d", size);
  MPI_Group_free(&group);
  char name[MPI_MAX_OBJECT_NAME];
  int length;
  MPI_Win_set_name(win, "door");
  MPI_Win_get_name(win, name, &length);
  say("name %s %d", name, length);
  MPI_Win_free(&win);
  say("null %d", win == MPI_WIN_NULL);
}

static void files(const char *path) {
  MPI_File file;
  MPI_Status status;
  int count, x[4] = {say_rank, say_rank + 10, say_rank + 20, say_rank + 30}, y[4] = {0}, amode;
  MPI_Datatype type, etype, filetype;
  MPI_Offset size, disp;
  SAY(MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file));
  MPI_File_set_size(file, 0);
  MPI_File_write_at_all(file, (MPI_Offset)say_rank * 16, x, 4, MPI_INT, &status);
  MPI_Get_count(&status, MPI_INT, &count);
  say("written %d", count);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_get_size(file, &size);
  MPI_File_get_amode(file, &amode);
  say("size %ld amode %d", (long)size, amode);
  MPI_Type_vector(2, 1, 2, MPI_INT, &type);
  MPI_Type_commit(&type);
  MPI_File_set_view(file, (MPI_Offset)say_rank * 16, MPI_INT, type, "native", MPI_INFO_NULL);
  char representation[MPI_MAX_DATAREP_STRING];
  MPI_File_get_view(file, &disp, &etype, &filetype, representation);
  int ni, na, nd, combiner;
  MPI_Type_get_envelope(filetype, &ni, &na, &nd, &combiner);
  say("view %ld etype int %d %s", (long)disp, etype == MPI_INT, representation);
  MPI_Request request;
  MPI_File_iread(file, y, 2, MPI_INT, &request);
  MPI_Wait(&request, &status);
  say("read %d %d", y[0], y[1]);
  MPI_Type_free(&type);
  MPI_File_close(&file);
  say("null %d", file == MPI_FILE_NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  if (say_rank == 0) SAY(MPI_File_delete(path, MPI_INFO_NULL));
}

int main(int argc, char **argv) {
  int n, provided, flag, version, subversion, main_thread;
  char library[MPI_MAX_LIBRARY_VERSION_STRING];
  MPI_Initialized(&flag);
  say("initialized %d", flag);
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Initialized(&flag);
  MPI_Is_thread_main(&main_thread);
  say("provided %d initialized %d main %d", provided, flag, main_thread);
  MPI_Get_version(&version, &subversion);
  MPI_Get_library_version(library, &flag);
  say("version %d %d %s", version, subversion, library);
  void *memory;
  SAY(MPI_Alloc_mem(1000, MPI_INFO_NULL, &memory));
  memset(memory, 1, 1000);
  SAY(MPI_Free_mem(memory));
  info();
  fortran();
  windows(n);
  files(argc > 1 ? argv[1] : "say-objects.tmp");
  double t = MPI_Wtime();
  say("clock runs %d", MPI_Wtime() >= t && MPI_Wtick() < 1e-3);
  MPI_Finalize();
  MPI_Finalized(&flag);
  say("finalized %d", flag);
  return 0;
}
