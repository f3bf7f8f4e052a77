/* SPDX-License-Identifier: Apache-2.0 */
/* tools FILE: the tools interface, begun before MPI_Init. Handles, sessions, enumerations
 * and numbers of the first half are used in the second; what has been set is set still. */
#include <pthread.h>
#include <stdatomic.h>

#include "halves.h"

enum { kText = 2048 };

static const char kSet[] = "coll_tuned_allreduce_algorithm_segmentsize", kSetText[] = "opal_net_private_ipv4";
static const char kLater[] = "coll_tuned_alltoall_algorithm_segmentsize";

static MPI_T_cvar_handle number, text;
static MPI_T_pvar_session session, spare;
static MPI_T_pvar_handle lengths, own;
static MPI_T_enum switches;
static MPI_Comm pair, copy;
static int cvars, pvars, categories, stamp, first_pvar;

static int cvar_index(const char *name) {
  int index;
  OK(MPI_T_cvar_get_index(name, &index));
  return index;
}

static void name_is(int index, const char *expected) {
  char name[kText];
  int length = sizeof name, verbosity, bind, scope;
  MPI_Datatype type;
  OK(MPI_T_cvar_get_info(index, name, &length, &verbosity, &type, NULL, NULL, NULL, &bind, &scope));
  CHECK(strcmp(name, expected) == 0 && length == (int)strlen(expected) + 1);
  CHECK(bind == MPI_T_BIND_NO_OBJECT && (type == MPI_INT || type == MPI_CHAR || type == MPI_UNSIGNED));
}

/* What each number means is noted in the first half: the checksum of its name. */
static unsigned long *meanings;

static unsigned long meaning(int index) {
  char name[kText];
  int length = sizeof name;
  unsigned long sum = 5381;
  if (MPI_T_cvar_get_info(index, name, &length, NULL, NULL, NULL, NULL, NULL, NULL, NULL) != MPI_SUCCESS) return 0;
  for (const char *c = name; *c; c++) sum = sum * 33 + (unsigned char)*c;
  return sum;
}

static void note_numbers(void) {
  OK(MPI_T_cvar_get_num(&cvars));
  OK(MPI_T_pvar_get_num(&pvars));
  OK(MPI_T_category_get_num(&categories));
  CHECK(cvars > 500 && pvars > 0 && categories > 50);
  meanings = calloc((size_t)cvars, sizeof *meanings);
  for (int i = 0; i < cvars; i++) meanings[i] = meaning(i);
}

static void check_numbers(void) {
  int now, gone = 0;
  OK(MPI_T_cvar_get_num(&now));
  CHECK(now >= cvars);
  for (int i = 0; i < cvars; i++) {
    const unsigned long means = meaning(i);
    CHECK(meanings[i] == 0 || means == 0 || meanings[i] == means);
    gone += meanings[i] != 0 && means == 0;
  }
  CHECK(gone < cvars / 10); /* of components that the library has closed */
  OK(MPI_T_pvar_get_num(&now));
  CHECK(now >= pvars);
  OK(MPI_T_category_get_num(&now));
  CHECK(now >= categories);
  OK(MPI_T_pvar_get_index("pml_ob1_unexpected_msgq_length", MPI_T_PVAR_CLASS_SIZE, &now));
  CHECK(now == first_pvar);
}

/* Its variables are those whose names begin with its own. */
static void check_category(void) {
  char name[kText];
  int index, length = sizeof name, number_of, pvars_of, categories_of, *members, own_cvars = 0;
  OK(MPI_T_category_get_index("ompi_pml_ob1", &index));
  OK(MPI_T_category_get_info(index, name, &length, NULL, NULL, &number_of, &pvars_of, &categories_of));
  CHECK(strcmp(name, "ompi_pml_ob1") == 0 && number_of > 3 && pvars_of == 2);
  members = calloc((size_t)number_of + 2, sizeof *members);
  OK(MPI_T_category_get_cvars(index, number_of, members));
  for (int i = 0; i < number_of; i++) {
    length = sizeof name;
    if (MPI_T_cvar_get_info(members[i], name, &length, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == MPI_SUCCESS)
      own_cvars += strncmp(name, "pml_ob1", 7) == 0;
  }
  CHECK(own_cvars > 3);
  OK(MPI_T_category_get_pvars(index, pvars_of, members));
  CHECK(members[0] == first_pvar || members[1] == first_pvar);
  OK(MPI_T_category_get_categories(index, categories_of, members));
  free(members);
}

static void check_switches(void) {
  char name[kText];
  int index, items, value, length = sizeof name;
  MPI_T_enum again;
  OK(MPI_T_enum_get_info(switches, &items, name, &length));
  CHECK(items == 3 && strcmp(name, "auto_boolean") == 0);
  length = sizeof name;
  OK(MPI_T_enum_get_item(switches, 0, &value, name, &length));
  CHECK(value == 0 && strcmp(name, "false") == 0);
  CHECK(MPI_T_enum_get_item(switches, 3, &value, name, &length) == MPI_T_ERR_INVALID_INDEX);
  index = cvar_index("mpi_leave_pinned");
  OK(MPI_T_cvar_get_info(index, NULL, NULL, NULL, NULL, &again, NULL, NULL, NULL, NULL));
  CHECK(again == switches);
}

static int read_number(const char *name) {
  MPI_T_cvar_handle handle;
  int count, value = -1;
  OK(MPI_T_cvar_handle_alloc(cvar_index(name), NULL, &handle, &count));
  CHECK(count == 1);
  OK(MPI_T_cvar_read(handle, &value));
  OK(MPI_T_cvar_handle_free(&handle));
  CHECK(handle == MPI_T_CVAR_HANDLE_NULL);
  return value;
}

static void write_number(const char *name, int value) {
  MPI_T_cvar_handle handle;
  int count;
  OK(MPI_T_cvar_handle_alloc(cvar_index(name), NULL, &handle, &count));
  OK(MPI_T_cvar_write(handle, &value));
  OK(MPI_T_cvar_handle_free(&handle));
}

static void read_set(int expected_number, const char *expected_text) {
  int value = -1;
  char words[kText] = "";
  OK(MPI_T_cvar_read(number, &value));
  CHECK(value == expected_number);
  OK(MPI_T_cvar_read(text, words));
  CHECK(strcmp(words, expected_text) == 0);
}

static void before_init(void) {
  int provided, count;
  CHECK(MPI_T_cvar_get_num(&count) == MPI_T_ERR_NOT_INITIALIZED);
  OK(MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided));
  CHECK(provided >= MPI_THREAD_SINGLE);
  OK(MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided));
  OK(MPI_T_cvar_handle_alloc(cvar_index(kSet), NULL, &number, &count));
  OK(MPI_T_cvar_handle_alloc(cvar_index(kSetText), NULL, &text, &count));
  CHECK(count >= 256);
}

static void make(void) {
  int count, value = 4096 + rank;
  OK(MPI_Comm_dup(MPI_COMM_WORLD, &pair));
  OK(MPI_Comm_dup(MPI_COMM_SELF, &copy));
  OK(MPI_T_cvar_write(number, &value));
  OK(MPI_T_cvar_write(text, "10.0.0.0/8;172.16.0.0/12"));
  write_number(kLater, 512); /* by a handle that is gone */
  OK(MPI_T_cvar_get_info(cvar_index("mpi_leave_pinned"), NULL, NULL, NULL, NULL, &switches, NULL, NULL, NULL, NULL));
  OK(MPI_T_pvar_get_index("pml_ob1_unexpected_msgq_length", MPI_T_PVAR_CLASS_SIZE, &first_pvar));
  OK(MPI_T_pvar_session_create(&spare));
  OK(MPI_T_pvar_session_create(&session));
  OK(MPI_T_pvar_handle_alloc(session, first_pvar, &pair, &lengths, &count));
  CHECK(count == size);
  OK(MPI_T_pvar_handle_alloc(session, first_pvar, &copy, &own, &count));
  CHECK(count == 1);
  OK(MPI_T_category_changed(&stamp));
}

/* A thread beside the one that MPI is for: the tools interface has a thread level of its own. */
static pthread_t reader;
static atomic_int reads, enough;

static void *keep_reading(void *unused) {
  while (!enough) {
    int value = -1;
    CHECK(MPI_T_cvar_read(number, &value) == MPI_SUCCESS && value == 4096 + rank);
    ++reads;
    usleep(200);
  }
  return unused;
}

static void await_reads(void) {
  for (const int before = reads; reads < before + 20;) usleep(200);
}

/* Rank 0 has messages waiting on one communicator, and none on the other. */
static void check_lengths(int messages) {
  unsigned values[64], alone = 77;
  int value = 5, there;
  MPI_Status status;
  if (rank == 1)
    for (int i = 0; i < messages; i++) OK(MPI_Send(&value, 1, MPI_INT, 0, 3, pair));
  if (rank == 0) {
    do {
      OK(MPI_Iprobe(1, 99, pair, &there, &status));
      OK(MPI_T_pvar_read(session, lengths, values));
    } while (values[1] != (unsigned)messages);
  }
  OK(MPI_Barrier(MPI_COMM_WORLD));
  OK(MPI_T_pvar_read(session, lengths, values));
  for (int i = 0; i < size; i++) CHECK(values[i] == (rank == 0 && i == 1 ? (unsigned)messages : 0));
  OK(MPI_T_pvar_read(session, own, &alone));
  CHECK(alone == 0);
  if (rank == 0)
    for (int i = 0; i < messages; i++) OK(MPI_Recv(&value, 1, MPI_INT, 1, 3, pair, &status));
  OK(MPI_Barrier(MPI_COMM_WORLD));
}

/* What the library says to what does not go with a variable of this kind. */
static void misuse(void) {
  unsigned values[64] = {0};
  CHECK(MPI_T_pvar_start(session, lengths) == MPI_T_ERR_PVAR_NO_STARTSTOP);
  CHECK(MPI_T_pvar_stop(session, lengths) == MPI_T_ERR_PVAR_NO_STARTSTOP);
  OK(MPI_T_pvar_start(session, MPI_T_PVAR_ALL_HANDLES));
  OK(MPI_T_pvar_stop(session, MPI_T_PVAR_ALL_HANDLES));
  OK(MPI_T_pvar_reset(session, MPI_T_PVAR_ALL_HANDLES));
  CHECK(MPI_T_pvar_read(spare, lengths, values) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_pvar_readreset(spare, lengths, values) == MPI_T_ERR_INVALID_HANDLE);
  CHECK(MPI_T_pvar_write(session, MPI_T_PVAR_ALL_HANDLES, values) == MPI_T_ERR_INVALID_HANDLE);
  OK(MPI_T_pvar_get_info(first_pvar, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
}

int main(int argc, char **argv) {
  int now;
  before_init();
  halves_begin(&argc, &argv);
  make();
  note_numbers();
  check_category();
  check_switches();
  check_lengths(3);
  misuse();
  name_is(cvar_index(kSet), kSet);
  CHECK(pthread_create(&reader, NULL, keep_reading, NULL) == 0);
  await_reads();

  halves_between(argv[1]);

  await_reads();
  check_numbers();
  read_set(4096 + rank, "10.0.0.0/8;172.16.0.0/12");
  CHECK(read_number(kLater) == 512);
  check_category();
  check_switches();
  check_lengths(2);
  misuse();
  name_is(cvar_index(kSetText), kSetText);
  OK(MPI_T_category_changed(&now));
  CHECK(now > stamp);
  enough = 1;
  pthread_join(reader, NULL);
  OK(MPI_T_pvar_handle_free(session, &own));
  CHECK(own == MPI_T_PVAR_HANDLE_NULL);
  OK(MPI_T_pvar_session_free(&session));
  OK(MPI_T_pvar_session_free(&spare));
  CHECK(session == MPI_T_PVAR_SESSION_NULL && MPI_T_pvar_session_free(&session) == MPI_T_ERR_INVALID_SESSION);
  OK(MPI_Comm_free(&pair));
  OK(MPI_Comm_free(&copy));
  OK(MPI_T_cvar_handle_free(&text));
  OK(MPI_T_finalize());
  name_is(cvar_index(kSet), kSet);
  OK(MPI_T_cvar_handle_free(&number));
  OK(MPI_T_finalize());
  CHECK(MPI_T_finalize() == MPI_T_ERR_NOT_INITIALIZED);
  halves_end();
  return 0;
}
