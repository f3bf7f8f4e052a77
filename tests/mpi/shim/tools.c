/* SPDX-License-Identifier: Apache-2.0 */
/* The tools interface: what it answers to right and to wrong arguments, with and without room for texts. Numbers differ
 * from run to run of the library, so variables are found by their names. */
#include "say.h"

static const char kText[] = "opal_net_private_ipv4", kNumber[] = "coll_tuned_allreduce_algorithm_segmentsize";
static const char kSwitch[] = "mpi_leave_pinned", kLength[] = "pml_ob1_unexpected_msgq_length";

static void about_cvar(const char *name) {
  char text[1024] = "", about[4096] = "";
  int index = -1, length = sizeof text, more = sizeof about, verbosity = -1, bind = -1, scope = -1;
  MPI_Datatype type = MPI_DATATYPE_NULL;
  MPI_T_enum values = MPI_T_ENUM_NULL;
  SAY(MPI_T_cvar_get_index(name, &index));
  SAY(MPI_T_cvar_get_info(index, text, &length, &verbosity, &type, &values, about, &more, &bind, &scope));
  say("%s (%d) %.300s (%d)", text, length, about, more);
  say("verbosity %d bind %d scope %d char %d int %d unsigned %d enum %d", verbosity, bind, scope, type == MPI_CHAR,
      type == MPI_INT, type == MPI_UNSIGNED, values != MPI_T_ENUM_NULL);
  for (int room = 0; room < 7; room++) {
    char some[16] = "..............";
    length = room;
    SAY(MPI_T_cvar_get_info(index, some, &length, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    say("room for %d: '%s' %d", room, some, length);
  }
  SAY(MPI_T_cvar_get_info(index, NULL, &length, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
  say("no room: %d", length);
}

static void values_of(const char *name) {
  int index, items = -1, length = 0, value;
  char text[64];
  MPI_T_enum values = MPI_T_ENUM_NULL;
  MPI_T_cvar_get_index(name, &index);
  MPI_T_cvar_get_info(index, NULL, NULL, NULL, NULL, &values, NULL, NULL, NULL, NULL);
  SAY(MPI_T_enum_get_info(values, &items, text, &length));
  for (int room = 0; room < 20; room++) {
    strcpy(text, "...................");
    length = room;
    SAY(MPI_T_enum_get_info(values, NULL, text, &length));
    say("room for %d: '%s' %d", room, text, length);
  }
  for (int i = 0; i <= items; i++) {
    length = sizeof text;
    value = -77;
    strcpy(text, "nothing");
    SAY(MPI_T_enum_get_item(values, i, &value, text, &length));
    say("%d of %d: %d %s %d", i, items, value, text, length);
  }
}

static void read_and_write(void) {
  MPI_T_cvar_handle number, text;
  int index, count = -1, value = -1;
  char words[2048] = "";
  MPI_T_cvar_get_index(kNumber, &index);
  SAY(MPI_T_cvar_handle_alloc(index, NULL, &number, &count));
  say("count %d", count);
  SAY(MPI_T_cvar_read(number, &value));
  say("value %d", value);
  value = 8192;
  SAY(MPI_T_cvar_write(number, &value));
  value = 0;
  SAY(MPI_T_cvar_read(number, &value));
  say("value %d", value);
  SAY(MPI_T_cvar_read(number, NULL));
  SAY(MPI_T_cvar_write(number, NULL));
  MPI_T_cvar_get_index(kText, &index);
  SAY(MPI_T_cvar_handle_alloc(index, NULL, &text, &count));
  say("count %d", count > 100);
  SAY(MPI_T_cvar_read(text, words));
  say("'%s'", words);
  SAY(MPI_T_cvar_write(text, "192.168.0.0/16"));
  SAY(MPI_T_cvar_read(text, words));
  say("'%s'", words);
  SAY(MPI_T_cvar_handle_free(&text));
  SAY(MPI_T_cvar_handle_free(&number));
  say("null %d", number == MPI_T_CVAR_HANDLE_NULL);
  SAY(MPI_T_cvar_handle_alloc(1 << 30, NULL, &text, &count));
  SAY(MPI_T_cvar_handle_alloc(index, NULL, NULL, &count));
}

static void performance(void) {
  int index = -1, other, count = -1, klass = -1, bind = -1, readonly = -1, continuous = -1, atomic = -1;
  unsigned values[64];
  MPI_Comm comm;
  MPI_T_pvar_session session, spare;
  MPI_T_pvar_handle handle = MPI_T_PVAR_HANDLE_NULL, all = MPI_T_PVAR_ALL_HANDLES;
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  SAY(MPI_T_pvar_get_index(kLength, MPI_T_PVAR_CLASS_SIZE, &index));
  SAY(MPI_T_pvar_get_index(kLength, MPI_T_PVAR_CLASS_COUNTER, &other));
  SAY(MPI_T_pvar_get_info(index, NULL, NULL, NULL, &klass, NULL, NULL, NULL, NULL, &bind, &readonly, &continuous,
                          &atomic));
  say("class %d bind %d readonly %d continuous %d atomic %d", klass, bind, readonly, continuous, atomic);
  SAY(MPI_T_pvar_session_create(&session));
  SAY(MPI_T_pvar_session_create(&spare));
  SAY(MPI_T_pvar_handle_alloc(session, index, NULL, &handle, &count));
  SAY(MPI_T_pvar_handle_alloc(session, 1 << 30, &comm, &handle, &count));
  SAY(MPI_T_pvar_handle_alloc(session, index, &comm, &handle, &count));
  say("count %d", count);
  SAY(MPI_T_pvar_read(session, handle, values));
  say("values %u %u", values[0], values[1]);
  SAY(MPI_T_pvar_read(spare, handle, values));
  SAY(MPI_T_pvar_read(session, all, values));
  SAY(MPI_T_pvar_start(session, handle));
  SAY(MPI_T_pvar_stop(session, handle));
  SAY(MPI_T_pvar_start(session, all));
  SAY(MPI_T_pvar_stop(session, all));
  SAY(MPI_T_pvar_reset(session, handle));
  SAY(MPI_T_pvar_reset(session, all));
  SAY(MPI_T_pvar_readreset(session, handle, values));
  SAY(MPI_T_pvar_readreset(spare, handle, values));
  SAY(MPI_T_pvar_write(session, handle, values));
  SAY(MPI_T_pvar_write(spare, handle, values));
  SAY(MPI_T_pvar_write(session, all, values));
  SAY(MPI_T_pvar_handle_free(session, &all));
  SAY(MPI_T_pvar_handle_free(spare, &handle));
  SAY(MPI_T_pvar_handle_free(session, &handle));
  SAY(MPI_T_pvar_session_free(&session));
  SAY(MPI_T_pvar_session_free(&session));
  SAY(MPI_T_pvar_session_free(&spare));
  MPI_Comm_free(&comm);
}

static void categories(void) {
  int index = -1, length = 0, cvars = -1, pvars = -1, inner = -1;
  char about[1024] = "";
  SAY(MPI_T_category_get_index("ompi_pml_ob1", &index));
  SAY(MPI_T_category_get_info(index, NULL, &length, about, NULL, &cvars, &pvars, &inner));
  say("ompi_pml_ob1: %d, %d %d %d", length, cvars, pvars, inner);
  SAY(MPI_T_category_get_index("no such category", &index));
  SAY(MPI_T_category_get_info(1 << 30, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
  SAY(MPI_T_category_get_cvars(1 << 30, 0, NULL));
}

static void wrong(void) {
  int index;
  SAY(MPI_T_cvar_get_num(NULL));
  SAY(MPI_T_pvar_get_num(NULL));
  SAY(MPI_T_category_get_num(NULL));
  SAY(MPI_T_cvar_get_index("no such variable", &index));
  SAY(MPI_T_pvar_get_index("no such variable", MPI_T_PVAR_CLASS_SIZE, &index));
  SAY(MPI_T_cvar_get_info(1 << 30, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
  SAY(MPI_T_pvar_get_info(1 << 30, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
}

int main(int argc, char **argv) {
  int provided = -1, again = -1, number;
  const int early[] = {MPI_T_cvar_get_num(&number), MPI_T_pvar_get_num(&number), MPI_T_finalize()};
  const int begun[] = {MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided), MPI_T_init_thread(MPI_THREAD_SINGLE, &again)};
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  say("early: %d %d %d", early[0], early[1], early[2]);
  say("begun: %d %d, %d %d", begun[0], provided, begun[1], again);
  about_cvar(kText);
  about_cvar(kNumber);
  about_cvar(kSwitch);
  values_of(kSwitch);
  values_of("coll_tuned_allreduce_algorithm");
  read_and_write();
  performance();
  categories();
  wrong();
  SAY(MPI_T_finalize());
  SAY(MPI_T_cvar_get_num(&number));
  SAY(MPI_T_finalize());
  SAY(MPI_T_finalize());
  SAY(MPI_T_cvar_get_num(&number));
  SAY(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
  about_cvar(kText);
  SAY(MPI_T_finalize());
  MPI_Finalize();
  return 0;
}
