/* SPDX-License-Identifier: Apache-2.0 */
/* intercomms FILE: an intercommunicator between the first third of the ranks and the others, and what can be made of
 * one. Each is asked the same in both halves, and gets its messages; every collective is called in both, and begun
 * without waiting in the first half, with its root in either group. */
#include "intercomm_collectives.h"

enum { MADE = 8, TAG = 7 };

typedef struct {
  MPI_Comm comm;
  int sum; /* what MPI_Allreduce of the world ranks gives here */
} Made;

static MPI_Comm late;
static MPI_Group kept_group;
static int key, value = 5, errors;
static Made made[MADE];
static MPI_Request late_request;

/* Of the world ranks of a side, or of one in `step`, from the first on. */
static int sum_of(int s, int step) {
  int sum = 0;
  for (int r = first_of(s); r < end_of(s); r += step) sum += r;
  return sum;
}

static void on_error(MPI_Comm *comm, int *code, ...) { errors++; }

static Made with_sum(MPI_Comm comm, int sum) {
  Made m = {comm, sum};
  return m;
}

/* Each group's first member, then its third, and so on. */
static MPI_Comm of_part(void) {
  MPI_Group group, part;
  MPI_Comm comm;
  int every_other[1][3] = {{0, own - 1, 2}};
  OK(MPI_Comm_group(inter, &group));
  OK(MPI_Group_range_incl(group, 1, every_other, &part));
  OK(MPI_Comm_create(inter, part, &comm));
  OK(MPI_Group_free(&group));
  OK(MPI_Group_free(&part));
  return comm;
}

static void make_others(void) {
  const int theirs = sum_of(1 - side, 1), alternate = sum_of(1 - side, 2), all = size * (size - 1) / 2;
  MPI_Comm comm;
  MPI_Request request;
  MPI_Info hints;
  OK(MPI_Comm_dup(inter, &comm));
  made[0] = with_sum(comm, theirs);
  OK(MPI_Info_create(&hints));
  OK(MPI_Info_set(hints, "asked", "kindly"));
  OK(MPI_Comm_dup_with_info(inter, hints, &comm));
  made[1] = with_sum(comm, theirs);
  OK(MPI_Comm_set_info(comm, hints));
  OK(MPI_Info_free(&hints));
  OK(MPI_Comm_idup(inter, &comm, &request));
  OK(MPI_Wait(&request, MPI_STATUS_IGNORE));
  made[2] = with_sum(comm, theirs);
  OK(MPI_Comm_split(inter, me % 2 == 0 ? 0 : MPI_UNDEFINED, me, &comm));
  made[3] = with_sum(comm, alternate);
  made[4] = with_sum(of_part(), alternate);
  OK(MPI_Intercomm_merge(inter, side == 0, &comm));
  made[5] = with_sum(comm, all);
  OK(MPI_Intercomm_merge(made[0].comm, 0, &comm)); /* neither is to be the high one */
  made[6] = with_sum(comm, all);
  OK(MPI_Comm_dup(made[5].comm, &comm));
  made[7] = with_sum(comm, all);
}

static void make(void) {
  MPI_Comm half;
  MPI_Errhandler handler;
  side = rank >= end_of(0);
  OK(MPI_Comm_split(MPI_COMM_WORLD, side, rank, &half));
  OK(MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, first_of(1 - side), TAG, &inter));
  OK(MPI_Comm_free(&half));
  OK(MPI_Comm_rank(inter, &me));
  OK(MPI_Comm_size(inter, &own));
  OK(MPI_Comm_remote_size(inter, &others));
  OK(MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &key, NULL));
  OK(MPI_Comm_set_attr(inter, key, &value));
  OK(MPI_Comm_set_name(inter, "between"));
  OK(MPI_Comm_create_errhandler(on_error, &handler));
  OK(MPI_Comm_set_errhandler(inter, handler));
  OK(MPI_Errhandler_free(&handler));
  OK(MPI_Comm_remote_group(inter, &kept_group));
  make_others();
}

/* ---- What they are. */
static void ask_group(MPI_Group group, int s) {
  MPI_Group all;
  int n, found;
  OK(MPI_Comm_group(MPI_COMM_WORLD, &all));
  OK(MPI_Group_size(group, &n));
  CHECK(n == end_of(s) - first_of(s));
  for (int i = 0; i < n; i++) {
    OK(MPI_Group_translate_ranks(group, 1, &i, all, &found));
    CHECK(found == world_rank_of(s, i));
  }
  OK(MPI_Group_free(&all));
}

static void ask_errors(void) {
  static int classes[4], known;
  int answers[4] = {0}, in = 0, out = 0;
  const int before = errors;
  answers[0] = MPI_Send(&out, 1, MPI_INT, others, TAG, inter);
  answers[1] = MPI_Bcast(&in, 1, MPI_INT, others + 1, inter);
  answers[2] = MPI_Scan(&out, &in, 1, MPI_INT, MPI_SUM, inter);
  answers[3] = MPI_Iprobe(others, TAG, inter, &in, MPI_STATUS_IGNORE);
  CHECK(errors == before + 4);
  for (int i = 0; i < 4; i++) {
    OK(MPI_Error_class(answers[i], &answers[i]));
    CHECK(answers[i] != MPI_SUCCESS && (!known || answers[i] == classes[i]));
    classes[i] = answers[i];
  }
  known = 1;
}

static void ask(void) {
  int flag, length, compared, n, sum;
  void *found = NULL;
  char text[MPI_MAX_OBJECT_NAME];
  MPI_Group group;
  OK(MPI_Comm_test_inter(inter, &flag));
  OK(MPI_Comm_get_name(inter, text, &length));
  CHECK(flag && strcmp(text, "between") == 0);
  OK(MPI_Comm_remote_group(inter, &group));
  ask_group(group, 1 - side);
  ask_group(kept_group, 1 - side);
  OK(MPI_Group_free(&group));
  OK(MPI_Comm_group(inter, &group));
  ask_group(group, side);
  OK(MPI_Group_free(&group));
  for (int i = 0; i < 3; i++) {
    OK(MPI_Comm_get_attr(made[i].comm, key, &found, &flag));
    CHECK(flag && found == &value);
    OK(MPI_Comm_compare(made[i].comm, inter, &compared));
    CHECK(compared == MPI_CONGRUENT);
  }
  OK(MPI_Comm_rank(made[5].comm, &n)); /* side 0 is the high one */
  CHECK(n == (side == 0 ? others + me : me));
  for (int i = 0; i < MADE; i++) {
    if (made[i].comm == MPI_COMM_NULL) continue;
    OK(MPI_Comm_test_inter(made[i].comm, &flag));
    CHECK(flag == (i < 5));
    OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, made[i].comm));
    CHECK(sum == made[i].sum);
  }
  ask_errors();
}

/* ---- Messages: each member has sent one of each kind to each of the others, who look for them in both halves. */
enum { PLAIN, SYNCHRONOUS, PROBED, MATCHED, KINDS };
static int sent[KINDS][MOST], got[MOST];
static MPI_Request sends[KINDS][MOST], receives[MOST];
static MPI_Message matched;

static void send_all(void) {
  for (int kind = 0; kind < KINDS; kind++)
    for (int to = 0; to < others; to++) {
      sent[kind][to] = said_by(side, me, to, kind);
      if (kind == SYNCHRONOUS)
        OK(MPI_Issend(&sent[kind][to], 1, MPI_INT, to, TAG + kind, inter, &sends[kind][to]));
      else
        OK(MPI_Isend(&sent[kind][to], 1, MPI_INT, to, TAG + kind, inter, &sends[kind][to]));
    }
  for (int i = 0; i < others; i++) OK(MPI_Irecv(&got[i], 1, MPI_INT, MPI_ANY_SOURCE, TAG + KINDS, inter, &receives[i]));
  OK(MPI_Mprobe(MPI_ANY_SOURCE, TAG + MATCHED, inter, &matched, MPI_STATUS_IGNORE));
}

static void check_message(int kind, int in, const MPI_Status *status) {
  CHECK(status->MPI_SOURCE >= 0 && status->MPI_SOURCE < others && status->MPI_TAG == TAG + kind);
  CHECK(in == said_by(1 - side, status->MPI_SOURCE, me, kind));
}

static void receive_all(void) {
  int in = -1;
  MPI_Status status;
  OK(MPI_Mrecv(&in, 1, MPI_INT, &matched, &status));
  check_message(MATCHED, in, &status);
  for (int i = 1; i < others; i++) {
    OK(MPI_Mprobe(MPI_ANY_SOURCE, TAG + MATCHED, inter, &matched, &status));
    OK(MPI_Mrecv(&in, 1, MPI_INT, &matched, &status));
    check_message(MATCHED, in, &status);
  }
  for (int kind = 0; kind < MATCHED; kind++)
    for (int i = 0; i < others; i++) {
      if (kind == PROBED) OK(MPI_Probe(MPI_ANY_SOURCE, TAG + kind, inter, &status));
      OK(MPI_Recv(&in, 1, MPI_INT, kind == PROBED ? status.MPI_SOURCE : i, TAG + kind, inter, &status));
      check_message(kind, in, &status);
    }
  for (int to = 0; to < others; to++) {
    in = said_by(side, me, to, KINDS);
    OK(MPI_Send(&in, 1, MPI_INT, to, TAG + KINDS, inter));
  }
  for (int i = 0; i < others; i++) {
    OK(MPI_Wait(&receives[i], &status));
    check_message(KINDS, got[i], &status);
  }
  for (int kind = 0; kind < KINDS; kind++) OK(MPI_Waitall(others, sends[kind], MPI_STATUSES_IGNORE));
}

static void free_all(void) {
  int sum;
  OK(MPI_Wait(&late_request, MPI_STATUS_IGNORE));
  OK(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, late));
  CHECK(sum == sum_of(1 - side, 1));
  OK(MPI_Comm_free(&late));
  for (int i = 0; i < MADE; i++) {
    if (made[i].comm == MPI_COMM_NULL) continue;
    OK(i % 2 == 0 ? MPI_Comm_free(&made[i].comm) : MPI_Comm_disconnect(&made[i].comm));
  }
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  CHECK(size >= 2 && argc == 2);
  make();
  ask();
  collectives(1);
  send_all();
  begin(2);
  OK(MPI_Comm_idup(inter, &late, &late_request));
  halves_between(argv[1]);
  complete();
  ask();
  receive_all();
  collectives(3);
  free_all();
  make_others();
  ask();
  OK(MPI_Comm_idup(inter, &late, &late_request));
  free_all();
  OK(MPI_Group_free(&kept_group));
  OK(MPI_Comm_free(&inter));
  OK(MPI_Comm_free_keyval(&key));
  halves_end();
  return 0;
}
