/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of the statuses that each completing function gives, for each kind of request. Statuses are filled with a
 * pattern before: what a function leaves alone shows.
 * statuses FILE: requests are begun, or their messages sent, before FILE appears, which is when the job has been
 * checkpointed, and perhaps restarted; they are completed afterwards. */
#include "completions.h"
#include "request_kinds.h"

static void settle(int n, MPI_Request *requests) {
  for (int i = 0; i < n; i++)
    for (int flag = 0; !flag;) MPI_Request_get_status(requests[i], &flag, MPI_STATUS_IGNORE);
}

/* Completes, shows all of it, and cleans up. */
static void complete(Function f, int n, const Kind *of, MPI_Request *requests, int ignore) {
  MPI_Status statuses[kMost];
  int count = 1, which[kMost] = {kUntouched, kUntouched, kUntouched, kUntouched}, rc;
  const char *name = function_names[f];
  for (int i = 0; i < kMost; i++) fill(&statuses[i]);
  rc = find(f, n, requests, ignore ? MPI_STATUSES_IGNORE : statuses, &count, which);
  say("%s of %d%s, %s %s: code %d count %d which %d %d %d %d", name, n, ignore ? " without status" : "",
      kind_names[of[0]], n > 1 ? kind_names[of[1]] : "", rc, count, which[0], which[1], which[2], which[3]);
  for (int i = 0; i < n; i++) show(name, of[i], i, &statuses[i]);
  for (int i = 0; i < n; i++) say("%d is null %d", i, requests[i] == MPI_REQUEST_NULL);
  for (int i = 0; i < n; i++)
    if (requests[i] != MPI_REQUEST_NULL && of[i] != idle_send && of[i] != idle_receive)
      MPI_Wait(&requests[i], MPI_STATUS_IGNORE);
  for (int i = 0; i < n; i++)
    if (requests[i] != MPI_REQUEST_NULL) MPI_Request_free(&requests[i]);
}

typedef struct {
  int n, settled, tag;
  Kind of[kMost];
  MPI_Request requests[kMost], partners[kMost];
} Group;

static void partners(Group *g) {
  for (int i = 0; i < g->n; i++) send_partner(g->of[i], g->tag + i, &g->partners[i]);
}

static void begin(Group *g) {
  for (int i = 0; i < g->n; i++) start(g->of[i], g->tag + i, in[i], &g->requests[i]);
}

static void end(Group *g, Function f, int ignore) {
  if (g->settled) settle(g->n, g->requests);
  complete(f, g->n, g->of, g->requests, ignore);
  MPI_Waitall(g->n, g->partners, MPI_STATUSES_IGNORE);
}

static void at_once(Group g, Function f, int ignore) {
  partners(&g);
  MPI_Barrier(comm); /* ready sends need their receives */
  begin(&g);
  end(&g, f, ignore);
}

static void all_functions(void) {
  for (Function f = 0; f < functions; f++)
    for (Kind k = 0; k < kinds; k++)
      for (int ignore = 0; ignore < 2; ignore++) {
        at_once((Group){.n = 1, .of = {k}}, f, ignore);
        if (f <= test_one || f == get_status) continue;
        at_once((Group){.n = 2, .settled = 1, .of = {k, received}}, f, ignore);
        if (ignore) continue;
        at_once((Group){.n = 3, .of = {nothing, k, nothing}}, f, ignore);
        /* When one fails Open MPI drops the others that failed without a word; that is not asked for. */
        const Kind third = k == truncated || k == generalized_odd ? received : truncated;
        at_once((Group){.n = 4, .settled = 1, .of = {k, received, third, sent}}, f, ignore);
      }
}

/* ---- without requests ---- */
enum { kDirect = 8 };

static void direct_partners(MPI_Request *requests) {
  for (int i = 0; i < kDirect; i++) MPI_Isend(out, i == 1 ? 0 : 6, MPI_INT, right, kLate + i, comm, &requests[i]);
}

#define SHOW(name, call)                         \
  do {                                           \
    fill(&status);                               \
    int rc_ = (call);                            \
    say("%s: code %d flag %d", name, rc_, flag); \
    show(name, received, 0, &status);            \
  } while (0)

static void direct(void) {
  MPI_Status status;
  MPI_Message message;
  int buffer[8], flag = kUntouched;
  SHOW("Recv", MPI_Recv(buffer, 8, MPI_INT, left, kLate, comm, &status));
  SHOW("Recv of nothing", MPI_Recv(buffer, 8, MPI_INT, MPI_ANY_SOURCE, kLate + 1, comm, &status));
  SHOW("Recv cut off", MPI_Recv(buffer, 2, MPI_INT, left, kLate + 2, comm, &status));
  SHOW("Recv from nobody", MPI_Recv(buffer, 2, MPI_INT, MPI_PROC_NULL, 0, comm, &status));
  SHOW("Probe", MPI_Probe(left, kLate + 3, comm, &status));
  SHOW("Iprobe", MPI_Iprobe(left, kLate + 3, comm, &flag, &status));
  SHOW("Iprobe without", MPI_Iprobe(left, 998, comm, &flag, &status));
  SHOW("Probe of nobody", MPI_Probe(MPI_PROC_NULL, 0, comm, &status));
  SHOW("Iprobe of nobody", MPI_Iprobe(MPI_PROC_NULL, 0, comm, &flag, &status));
  SHOW("Mprobe", MPI_Mprobe(left, kLate + 3, comm, &message, &status));
  SHOW("Mrecv", MPI_Mrecv(buffer, 8, MPI_INT, &message, &status));
  MPI_Probe(left, kLate + 4, comm, MPI_STATUS_IGNORE);
  SHOW("Improbe", MPI_Improbe(left, kLate + 4, comm, &flag, &message, &status));
  SHOW("Mrecv cut off", MPI_Mrecv(buffer, 2, MPI_INT, &message, &status));
  SHOW("Improbe without", MPI_Improbe(left, 998, comm, &flag, &message, &status));
  SHOW("Mprobe of nobody", MPI_Mprobe(MPI_PROC_NULL, 0, comm, &message, &status));
  SHOW("Mrecv from nobody", MPI_Mrecv(buffer, 8, MPI_INT, &message, &status));
  SHOW("Sendrecv", MPI_Sendrecv(out, 4, MPI_INT, right, 997, buffer, 8, MPI_INT, left, kLate + 5, comm, &status));
  SHOW("Sendrecv cut off",
       MPI_Sendrecv(out, 4, MPI_INT, right, 997, buffer, 2, MPI_INT, left, kLate + 6, comm, &status));
  SHOW("Sendrecv_replace", MPI_Sendrecv_replace(buffer, 8, MPI_INT, right, 997, left, kLate + 7, comm, &status));
  SHOW("Sendrecv from nobody",
       MPI_Sendrecv(out, 4, MPI_INT, right, 997, buffer, 8, MPI_INT, MPI_PROC_NULL, 0, comm, &status));
  for (int i = 0; i < 4; i++) MPI_Recv(buffer, 8, MPI_INT, left, 997, comm, MPI_STATUS_IGNORE);
}

/* ---- over a checkpoint ---- */
typedef enum { both_before, message_before, request_before, times } When;

static int can_be_held(Kind k, When when) { return (k != sent_ready && k != matched) || when != request_before; }

/* Begun before `file` appears, or its message sent before, and completed afterwards. */
static void over(const char *file) {
  static Group held[times][functions][kinds];
  MPI_Request direct_sends[kDirect];
  for (When w = 0; w < times; w++)
    for (Function f = 0; f < functions; f++)
      for (Kind k = 0; k < kinds; k++) {
        Group *g = &held[w][f][k];
        *g = (Group){.n = 1, .tag = 2000 + ((int)w * functions + (int)f) * kinds + (int)k, .of = {k}};
        if (!can_be_held(k, w)) continue;
        if (w != request_before) partners(g);
      }
  direct_partners(direct_sends);
  MPI_Barrier(comm);
  for (When w = 0; w < times; w++)
    for (Function f = 0; f < functions; f++)
      for (Kind k = 0; k < kinds; k++)
        if (w != message_before && can_be_held(k, w)) begin(&held[w][f][k]);
  MPI_Barrier(comm);
  if (say_rank == 0) printf("held\n"), fflush(stdout);
  while (access(file, F_OK) != 0) usleep(10000);
  MPI_Barrier(comm);
  for (When w = 0; w < times; w++)
    for (Function f = 0; f < functions; f++)
      for (Kind k = 0; k < kinds; k++) {
        if (!can_be_held(k, w)) continue;
        if (w == request_before) partners(&held[w][f][k]);
        if (w == message_before) begin(&held[w][f][k]);
      }
  for (When w = 0; w < times; w++)
    for (Function f = 0; f < functions; f++)
      for (Kind k = 0; k < kinds; k++)
        if (can_be_held(k, w)) end(&held[w][f][k], f, 0);
  direct();
  MPI_Waitall(kDirect, direct_sends, MPI_STATUSES_IGNORE);
}

int main(int argc, char **argv) {
  static char buffer[1 << 20];
  MPI_Request requests[kDirect];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Buffer_attach(buffer, sizeof buffer);
  left = (say_rank + size - 1) % size;
  right = (say_rank + 1) % size;
  if (argc > 1) {
    over(argv[1]);
  } else {
    all_functions();
    direct_partners(requests);
    direct();
    MPI_Waitall(kDirect, requests, MPI_STATUSES_IGNORE);
  }
  MPI_Finalize();
  return 0;
}
