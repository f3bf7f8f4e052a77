/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: callbacks, their order and errors; predefined attributes; every kind of object. */
#include "say.h"

static int copies, deletes, world_key;

static int copy(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag) {
  say("copy world %d extra %ld in %ld", comm == MPI_COMM_WORLD, (long)extra, (long)in);
  copies++;
  *(void **)out = (char *)in + 1;
  *flag = (long)in != 13;
  return (long)in == 66 ? MPI_ERR_INTERN : MPI_SUCCESS;
}

static int del(MPI_Comm comm, int key, void *value, void *extra) {
  int finalized;
  MPI_Finalized(&finalized);
  say("delete self %d extra %ld value %ld finalized %d", comm == MPI_COMM_SELF, (long)extra, (long)value, finalized);
  deletes++;
  return (long)value == 99 ? MPI_ERR_INTERN : MPI_SUCCESS;
}

static int type_copy(MPI_Datatype type, int key, void *extra, void *in, void *out, int *flag) {
  say("type copy %ld", (long)in);
  *(void **)out = in;
  *flag = 1;
  return MPI_SUCCESS;
}

static int type_del(MPI_Datatype type, int key, void *value, void *extra) {
  say("type delete %ld", (long)value);
  return MPI_SUCCESS;
}

static int win_del(MPI_Win win, int key, void *value, void *extra) {
  say("win delete %ld", (long)value);
  return MPI_SUCCESS;
}

static void predefined(MPI_Comm comm, const char *what) {
  const int keys[] = {MPI_TAG_UB, MPI_HOST,         MPI_IO,           MPI_WTIME_IS_GLOBAL,
                      MPI_APPNUM, MPI_LASTUSEDCODE, MPI_UNIVERSE_SIZE};
  for (int i = 0; i < 7; i++) {
    int *value = NULL, flag = -1;
    int rc = MPI_Comm_get_attr(comm, keys[i], &value, &flag);
    say("%s key %d rc %d flag %d value %d", what, keys[i], rc, flag, flag > 0 ? *value : -1);
  }
}

static void get(MPI_Comm comm, int key) {
  void *value = NULL;
  int flag = -1, rc = MPI_Comm_get_attr(comm, key, &value, &flag);
  say("get rc %d flag %d value %ld", rc, flag, flag > 0 ? (long)value : -1);
}

static void communicators(void) {
  int a, b, c, d;
  MPI_Comm dup, dup2;
  MPI_Comm_create_keyval(copy, del, &a, (void *)7);
  MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &b, NULL);
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, del, &c, (void *)8);
  MPI_Keyval_create(MPI_DUP_FN, MPI_NULL_DELETE_FN, &d, NULL);
  MPI_Comm_set_attr(MPI_COMM_WORLD, a, (void *)10);
  MPI_Comm_set_attr(MPI_COMM_WORLD, b, (void *)20);
  MPI_Comm_set_attr(MPI_COMM_WORLD, c, (void *)30);
  MPI_Attr_put(MPI_COMM_WORLD, d, (void *)40);
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  get(dup, a);
  get(dup, b);
  get(dup, c);
  get(dup, d);
  MPI_Comm_set_attr(dup, a, (void *)50);
  world_key = a;
  MPI_Comm_free_keyval(&a);
  say("key %d", a == MPI_KEYVAL_INVALID);
  MPI_Comm_dup(dup, &dup2);
  MPI_Comm_free(&dup2);
  MPI_Comm_free(&dup);
  SAY(MPI_Comm_delete_attr(MPI_COMM_WORLD, c));
  SAY(MPI_Comm_delete_attr(MPI_COMM_WORLD, c));
  get(MPI_COMM_WORLD, c);
  MPI_Attr_delete(MPI_COMM_WORLD, d);
  MPI_Keyval_free(&d);
  say("copies %d deletes %d", copies, deletes);
}

static void failing(void) {
  int a;
  MPI_Comm dup, dup2 = MPI_COMM_WORLD;
  MPI_Comm_create_keyval(copy, del, &a, (void *)1);
  MPI_Comm_dup(MPI_COMM_SELF, &dup);
  MPI_Comm_set_errhandler(dup, MPI_ERRORS_RETURN);
  MPI_Comm_set_attr(dup, a, (void *)66);
  int rc = MPI_Comm_dup(dup, &dup2);
  say("failing copy %d", rc);
  MPI_Comm_set_attr(dup, a, (void *)99);
  rc = MPI_Comm_delete_attr(dup, a);
  say("failing delete %d", rc);
  rc = MPI_Comm_set_attr(dup, a, (void *)5);
  say("failing replacement %d", rc);
  rc = MPI_Comm_free(&dup);
  say("failing free %d null %d", rc, dup == MPI_COMM_NULL);
  SAY(MPI_Comm_set_attr(MPI_COMM_WORLD, MPI_TAG_UB, NULL));
  SAY(MPI_Comm_set_attr(MPI_COMM_WORLD, 12345, NULL));
  SAY(MPI_Comm_delete_attr(MPI_COMM_WORLD, 12345));
  int key = MPI_TAG_UB;
  SAY(MPI_Comm_free_keyval(&key));
  key = 12345;
  SAY(MPI_Comm_free_keyval(&key));
  int *value, flag;
  SAY(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_KEYVAL_INVALID, &value, &flag));
  SAY(MPI_Comm_get_attr(MPI_COMM_WORLD, 12345, &value, &flag));
}

static void types_and_windows(void) {
  int t, w, data[4] = {0}, *value, flag;
  MPI_Datatype type, dup;
  MPI_Type_create_keyval(type_copy, type_del, &t, NULL);
  MPI_Type_contiguous(2, MPI_INT, &type);
  MPI_Type_set_attr(type, t, (void *)70);
  MPI_Type_dup(type, &dup);
  MPI_Type_free(&type);
  MPI_Type_free(&dup);
  MPI_Type_free_keyval(&t);
  MPI_Win win;
  /* The real library duplicates the communicator of a window, callbacks included. */
  SAY(MPI_Comm_delete_attr(MPI_COMM_WORLD, world_key));
  MPI_Win_create(data, sizeof data, 4, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
  MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, win_del, &w, NULL);
  MPI_Win_set_attr(win, w, (void *)80);
  MPI_Win_get_attr(win, MPI_WIN_BASE, &value, &flag);
  say("base %d %d", flag, value == data);
  MPI_Win_get_attr(win, MPI_WIN_SIZE, &value, &flag);
  say("size %d %ld", flag, (long)*(MPI_Aint *)value);
  MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, &value, &flag);
  say("unit %d %d", flag, *value);
  MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &value, &flag);
  say("flavor %d %d", flag, *value);
  MPI_Win_get_attr(win, MPI_WIN_MODEL, &value, &flag);
  say("model %d %d", flag, *value);
  MPI_Win_free(&win);
  MPI_Win_free_keyval(&w);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  predefined(MPI_COMM_WORLD, "world");
  MPI_Comm dup, split;
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  predefined(dup, "dup");
  MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &split);
  predefined(split, "split");
  predefined(MPI_COMM_SELF, "self");
  MPI_Comm_free(&dup);
  MPI_Comm_free(&split);
  communicators();
  failing();
  types_and_windows();
  int last;
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, del, &last, (void *)90);
  MPI_Comm_set_attr(MPI_COMM_SELF, last, (void *)91);
  int other;
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, del, &other, (void *)92);
  MPI_Comm_set_attr(MPI_COMM_SELF, other, (void *)93);
  MPI_Comm_set_attr(MPI_COMM_WORLD, other, (void *)94); /* deleted when MPI_Finalized says yes */
  MPI_Finalize();
  return 0;
}
