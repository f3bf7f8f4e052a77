/* SPDX-License-Identifier: Apache-2.0 */
/* attributes FILE: keyvals and attributes of communicators, datatypes and windows, by the calls of today and those of
 * MPI-1. What is set in the first half is read, copied, replaced and deleted in the second. */
#include "halves.h"

enum { kComm, kOld, kType, kWin, kKinds };

static int copies[kKinds], deletes[kKinds], keys[kKinds], spare[kKinds], memory;
static MPI_Comm comm;
static MPI_Datatype type;
static MPI_Win win;

static int pass_on(int kind, void *in, void *out, int *flag) {
  copies[kind]++;
  *(void **)out = (char *)in + 1;
  *flag = 1;
  return MPI_SUCCESS;
}
static int comm_copy(MPI_Comm of, int key, void *extra, void *in, void *out, int *flag) {
  return pass_on(kComm, in, out, flag);
}
static int old_copy(MPI_Comm of, int key, void *extra, void *in, void *out, int *flag) {
  return pass_on(kOld, in, out, flag);
}
static int type_copy(MPI_Datatype of, int key, void *extra, void *in, void *out, int *flag) {
  return pass_on(kType, in, out, flag);
}

static int gone(int kind, void *extra) {
  deletes[kind] += (int)(long)extra;
  return MPI_SUCCESS;
}
static int comm_delete(MPI_Comm of, int key, void *value, void *extra) { return gone(kComm, extra); }
static int old_delete(MPI_Comm of, int key, void *value, void *extra) { return gone(kOld, extra); }
static int type_delete(MPI_Datatype of, int key, void *value, void *extra) { return gone(kType, extra); }
static int win_delete(MPI_Win of, int key, void *value, void *extra) { return gone(kWin, extra); }

static void make_keys(int *made, void *extra) {
  OK(MPI_Comm_create_keyval(comm_copy, comm_delete, &made[kComm], extra));
  OK(MPI_Keyval_create(old_copy, old_delete, &made[kOld], extra));
  OK(MPI_Type_create_keyval(type_copy, type_delete, &made[kType], extra));
  OK(MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, win_delete, &made[kWin], extra));
}

static void free_keys(int *made) {
  OK(MPI_Comm_free_keyval(&made[kComm]));
  OK(MPI_Keyval_free(&made[kOld]));
  OK(MPI_Type_free_keyval(&made[kType]));
  OK(MPI_Win_free_keyval(&made[kWin]));
  for (int i = 0; i < kKinds; i++) CHECK(made[i] == MPI_KEYVAL_INVALID);
}

static void set(const int *made, long value) {
  OK(MPI_Comm_set_attr(comm, made[kComm], (void *)value));
  OK(MPI_Attr_put(comm, made[kOld], (void *)(value + 1)));
  OK(MPI_Type_set_attr(type, made[kType], (void *)(value + 2)));
  OK(MPI_Win_set_attr(win, made[kWin], (void *)(value + 3)));
}

static void expect(const int *made, long value) {
  void *got[kKinds];
  int there[kKinds];
  OK(MPI_Comm_get_attr(comm, made[kComm], &got[kComm], &there[kComm]));
  OK(MPI_Attr_get(comm, made[kOld], &got[kOld], &there[kOld]));
  OK(MPI_Type_get_attr(type, made[kType], &got[kType], &there[kType]));
  OK(MPI_Win_get_attr(win, made[kWin], &got[kWin], &there[kWin]));
  for (int i = 0; i < kKinds; i++) {
    CHECK(there[i] == (value != 0));
    CHECK(value == 0 || (long)got[i] == value + i);
  }
}

static void erase(const int *made) {
  int before[kKinds];
  memcpy(before, deletes, sizeof before);
  OK(MPI_Comm_delete_attr(comm, made[kComm]));
  OK(MPI_Attr_delete(comm, made[kOld]));
  OK(MPI_Type_delete_attr(type, made[kType]));
  OK(MPI_Win_delete_attr(win, made[kWin]));
  for (int i = 0; i < kKinds; i++) CHECK(deletes[i] > before[i]);
  expect(made, 0);
}

/* Attributes of a copy are what the callbacks have made of them. */
static void copied(long value) {
  MPI_Comm comm_copy_made;
  MPI_Datatype type_copy_made;
  void *got;
  int there, before[kKinds];
  memcpy(before, copies, sizeof before);
  OK(MPI_Comm_dup(comm, &comm_copy_made));
  OK(MPI_Type_dup(type, &type_copy_made));
  OK(MPI_Comm_get_attr(comm_copy_made, keys[kComm], &got, &there));
  CHECK(there && (long)got == value + 1);
  OK(MPI_Attr_get(comm_copy_made, keys[kOld], &got, &there));
  CHECK(there && (long)got == value + 2);
  OK(MPI_Type_get_attr(type_copy_made, keys[kType], &got, &there));
  CHECK(there && (long)got == value + 3);
  for (int i = 0; i < kWin; i++) CHECK(copies[i] == before[i] + 2); /* the spare ones, too */
  OK(MPI_Comm_free(&comm_copy_made));
  OK(MPI_Type_free(&type_copy_made));
}

/* MPI_Finalize deletes what MPI_COMM_SELF has, the latest first, while MPI is not over. */
static long last_of_self;
static int self_delete(MPI_Comm of, int key, void *value, void *extra) {
  int finalized, alone;
  MPI_Finalized(&finalized);
  MPI_Comm_size(of, &alone);
  if (finalized || alone != 1 || (long)value != last_of_self--) _exit(1);
  return MPI_SUCCESS;
}
static void set_self(void) {
  int key;
  OK(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, self_delete, &key, NULL));
  OK(MPI_Comm_set_attr(MPI_COMM_SELF, key, (void *)++last_of_self));
  OK(MPI_Comm_free_keyval(&key));
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  OK(MPI_Comm_dup(MPI_COMM_WORLD, &comm));
  OK(MPI_Type_contiguous(2, MPI_INT, &type));
  OK(MPI_Win_create(&memory, sizeof memory, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win));
  make_keys(keys, (void *)10);
  make_keys(spare, (void *)100);
  set(keys, 1000);
  set(spare, 2000);
  free_keys(spare); /* in use until the objects are gone */
  expect(keys, 1000);
  copied(1000);

  set_self();
  set_self();

  halves_between(argv[1]);

  set_self();

  expect(keys, 1000);
  copied(1000);
  set(keys, 3000); /* tells the old values' end */
  for (int i = 0; i < kKinds; i++) CHECK(deletes[i] >= 10);
  expect(keys, 3000);
  erase(keys);
  set(keys, 4000);
  int more[kKinds], before[kKinds];
  make_keys(more, (void *)1000);
  for (int i = 0; i < kKinds; i++) CHECK(more[i] != keys[i]);
  free_keys(more);
  memcpy(before, deletes, sizeof before);
  OK(MPI_Comm_free(&comm));
  OK(MPI_Type_free(&type));
  OK(MPI_Win_free(&win));
  for (int i = 0; i < kKinds; i++) CHECK(deletes[i] == before[i] + 110);
  free_keys(keys);
  halves_end();
  return last_of_self == 0 ? 0 : 1;
}
