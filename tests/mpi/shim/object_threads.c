/* SPDX-License-Identifier: Apache-2.0 */
/* MPI_THREAD_MULTIPLE: several threads at a time make, use and free objects of every kind. Each has its own objects,
 * but made of ones that all threads use. A round of one thread ends with its objects gone, so that handles are used
 * again at once, by whichever thread comes first. */
#include <pthread.h>
#include <stdatomic.h>

#include "say.h"

enum { THREADS = 4, ROUNDS = 300 };

typedef struct {
  int number;
  MPI_Comm comm; /* of this process alone, for this thread */
  long wrong;
} Thread;

static MPI_Datatype shared_type;
static MPI_Group shared_group;
static MPI_Info shared_info;
static int shared_key;
static atomic_long copied, deleted, queried, released, reduced;

static void expect(Thread *t, int right) { t->wrong += !right; }

static void datatypes(Thread *t) {
  MPI_Datatype pair, rows, parts[1];
  int n[3], combiner, size, integers[3];
  MPI_Aint addresses[1];
  MPI_Type_contiguous(2, shared_type, &pair);
  MPI_Type_vector(2, 1, 2, pair, &rows);
  MPI_Type_commit(&rows);
  MPI_Type_free(&pair);
  MPI_Type_get_envelope(rows, &n[0], &n[1], &n[2], &combiner);
  MPI_Type_get_contents(rows, 3, 0, 1, integers, addresses, parts);
  MPI_Type_size(parts[0], &size);
  expect(t, combiner == MPI_COMBINER_VECTOR && size == 2 * (int)sizeof(int));
  MPI_Type_free(&parts[0]);
  MPI_Type_free(&rows);
}

/* Receives that nobody asks for any more: whoever finds them complete frees them. */
static void freed_requests(Thread *t) {
  volatile int in[3] = {-1, -1, -1};
  for (int i = 0; i < 3; i++) {
    MPI_Request request;
    MPI_Irecv((void *)&in[i], 1, MPI_INT, 0, i, t->comm, &request);
    MPI_Request_free(&request);
  }
  for (int i = 0; i < 3; i++) MPI_Send(&i, 1, MPI_INT, 0, i, t->comm);
  for (int i = 0, flag; i < 3; i++)
    while (in[i] != i) MPI_Iprobe(0, 99, t->comm, &flag, MPI_STATUS_IGNORE);
}

static void persistent_requests(Thread *t) {
  int out = t->number, in = -1;
  MPI_Request requests[2];
  MPI_Recv_init(&in, 1, MPI_INT, 0, 5, t->comm, &requests[0]);
  MPI_Send_init(&out, 1, MPI_INT, 0, 5, t->comm, &requests[1]);
  MPI_Startall(2, requests);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  expect(t, in == t->number);
  for (int i = 0; i < 2; i++) MPI_Request_free(&requests[i]);
}

static void matched_messages(Thread *t) {
  int values[2] = {t->number, -1}, got[2] = {-1, -1};
  MPI_Message messages[2];
  MPI_Request requests[2];
  for (int i = 0; i < 2; i++) MPI_Isend(&values[0], 1, MPI_INT, 0, 6, t->comm, &requests[i]);
  for (int i = 0; i < 2; i++) MPI_Mprobe(0, 6, t->comm, &messages[i], MPI_STATUS_IGNORE);
  for (int i = 1; i >= 0; i--) MPI_Mrecv(&got[i], 1, MPI_INT, &messages[i], MPI_STATUS_IGNORE);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
  expect(t, got[0] == t->number && got[1] == t->number && messages[0] == MPI_MESSAGE_NULL);
}

static int query(void *extra, MPI_Status *status) {
  MPI_Status_set_elements(status, MPI_INT, 1);
  MPI_Status_set_cancelled(status, 0);
  status->MPI_SOURCE = status->MPI_TAG = 7;
  atomic_fetch_add(&queried, 1);
  return MPI_SUCCESS;
}
static int release(void *extra) {
  atomic_fetch_add(&released, 1);
  return MPI_SUCCESS;
}
static int cancel(void *extra, int complete) { return MPI_SUCCESS; }

static void generalized_requests(Thread *t) {
  MPI_Request request;
  MPI_Status status;
  MPI_Grequest_start(query, release, cancel, NULL, &request);
  MPI_Grequest_complete(request);
  MPI_Wait(&request, &status);
  expect(t, status.MPI_TAG == 7);
}

static int copy(MPI_Comm comm, int key, void *extra, void *value, void *out, int *flag) {
  atomic_fetch_add(&copied, 1);
  *(void **)out = value;
  *flag = 1;
  return MPI_SUCCESS;
}
static int delete (MPI_Comm comm, int key, void *value, void *extra) {
  atomic_fetch_add(&deleted, 1);
  return MPI_SUCCESS;
}

static void attributes(Thread *t) {
  int key, flag, *value;
  MPI_Comm twin;
  MPI_Comm_create_keyval(copy, delete, &key, NULL);
  MPI_Comm_set_attr(t->comm, shared_key, t);
  MPI_Comm_set_attr(MPI_COMM_WORLD, key, t);
  MPI_Comm_dup(t->comm, &twin);
  MPI_Comm_get_attr(twin, shared_key, &value, &flag);
  expect(t, flag && (void *)value == t);
  MPI_Comm_get_attr(MPI_COMM_WORLD, key, &value, &flag);
  expect(t, flag && (void *)value == t);
  MPI_Comm_free(&twin);
  MPI_Comm_delete_attr(MPI_COMM_WORLD, key);
  MPI_Comm_delete_attr(t->comm, shared_key);
  MPI_Comm_free_keyval(&key);
}

static void communicators(Thread *t) {
  MPI_Comm some[3];
  MPI_Group group;
  MPI_Request request;
  int size, result;
  MPI_Comm_split(t->comm, 1, 0, &some[0]);
  MPI_Comm_idup(t->comm, &some[1], &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Comm_group(t->comm, &group);
  MPI_Comm_create(t->comm, group, &some[2]);
  MPI_Group_free(&group);
  for (int i = 0; i < 3; i++) {
    MPI_Comm_size(some[i], &size);
    MPI_Comm_compare(t->comm, some[i], &result);
    expect(t, size == 1 && result == MPI_CONGRUENT && MPI_Comm_f2c(MPI_Comm_c2f(some[i])) == some[i]);
    MPI_Comm_free(&some[i]);
  }
}

static void groups(Thread *t) {
  MPI_Group one, all, none;
  int size, zero = 0, result;
  MPI_Group_incl(shared_group, 1, &zero, &one);
  MPI_Group_union(one, shared_group, &all);
  MPI_Group_difference(one, all, &none);
  MPI_Group_size(none, &size);
  MPI_Group_compare(one, all, &result);
  expect(t, size == 0 && MPI_Group_f2c(MPI_Group_c2f(all)) == all);
  MPI_Group_free(&none);
  MPI_Group_free(&all);
  MPI_Group_free(&one);
}

static void sum(void *in, void *inout, int *count, MPI_Datatype *type) {
  for (int i = 0; i < *count; i++) ((int *)inout)[i] += ((int *)in)[i];
  atomic_fetch_add(&reduced, 1);
}

static void operations(Thread *t) {
  MPI_Op op;
  int in = t->number, out = 100;
  MPI_Op_create(sum, 1, &op);
  MPI_Reduce_local(&in, &out, 1, MPI_INT, op);
  expect(t, out == 100 + t->number && MPI_Op_f2c(MPI_Op_c2f(op)) == op);
  MPI_Op_free(&op);
}

static void hints(Thread *t) {
  MPI_Info twin;
  char key[16], value[16] = "";
  int flag;
  snprintf(key, sizeof key, "thread%d", t->number);
  MPI_Info_set(shared_info, key, "here");
  MPI_Info_dup(shared_info, &twin);
  MPI_Info_get(twin, key, 15, value, &flag);
  expect(t, flag && strcmp(value, "here") == 0);
  MPI_Info_free(&twin);
  MPI_Info_delete(shared_info, key);
}

static void on_error(MPI_Comm *comm, int *code, ...) {}

static void handlers(Thread *t) {
  MPI_Errhandler handler, found;
  MPI_Comm_create_errhandler(on_error, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, handler);
  MPI_Comm_get_errhandler(MPI_COMM_SELF, &found);
  expect(t, found != MPI_ERRORS_ARE_FATAL);
  MPI_Errhandler_free(&found);
  MPI_Errhandler_free(&handler);
}

static void codes(Thread *t, int round) {
  char text[MPI_MAX_ERROR_STRING] = "", mine[32];
  int class, code, length;
  if (round % 20 != 0) return;
  MPI_Add_error_class(&class);
  MPI_Add_error_code(class, &code);
  snprintf(mine, sizeof mine, "code %d", code);
  MPI_Add_error_string(code, mine);
  MPI_Error_string(code, text, &length);
  expect(t, strcmp(text, mine) == 0);
}

static void *work(void *argument) {
  Thread *t = argument;
  for (int round = 0; round < ROUNDS; round++) {
    datatypes(t);
    freed_requests(t);
    persistent_requests(t);
    matched_messages(t);
    generalized_requests(t);
    attributes(t);
    if (round % 4 == 0) communicators(t);
    groups(t);
    operations(t);
    hints(t);
    handlers(t);
    codes(t, round);
  }
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t ids[THREADS];
  Thread threads[THREADS] = {0};
  int level, keys;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Type_contiguous(1, MPI_INT, &shared_type);
  MPI_Comm_group(MPI_COMM_WORLD, &shared_group);
  MPI_Info_create(&shared_info);
  MPI_Comm_create_keyval(copy, delete, &shared_key, NULL);
  for (int i = 0; i < THREADS; i++) {
    threads[i].number = i;
    MPI_Comm_dup(MPI_COMM_SELF, &threads[i].comm);
  }
  for (int i = 0; i < THREADS; i++) pthread_create(&ids[i], NULL, work, &threads[i]);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(ids[i], NULL);
    MPI_Comm_free(&threads[i].comm);
    say("level %d thread %d wrong %ld", level, i, threads[i].wrong);
  }
  MPI_Info_get_nkeys(shared_info, &keys);
  MPI_Info_free(&shared_info);
  MPI_Comm_free_keyval(&shared_key);
  MPI_Group_free(&shared_group);
  MPI_Type_free(&shared_type);
  say("copied %ld deleted %ld queried %ld released %ld reduced %ld keys left %d", copied, deleted, queried, released,
      reduced, keys);
  MPI_Finalize();
  return 0;
}
