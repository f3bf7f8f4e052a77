/* SPDX-License-Identifier: Apache-2.0 */
/* Generalized requests: when their functions are called, with what, and what becomes of what they answer; alone and
 * among requests of other kinds, for every function that completes requests.
 * generalized FILE: all of them are begun before FILE appears, which is when the job has been checkpointed, and perhaps
 * restarted; they are completed afterwards. */
#include "completions.h"
#include "say.h"

enum { kUntouched = -77, kWays = 4, kMembers = 5 };
enum { kWrongQuery = 1, kWrongFree = 2 }; /* bits of a way */

typedef struct {
  int number, way;
} Operation;

static MPI_Comm comm;
static int rank, size;

static int query(void *extra, MPI_Status *status) {
  const Operation *o = extra;
  int sum = 0, one = 1;
  MPI_Sendrecv(&one, 1, MPI_INT, 0, 7, &sum, 1, MPI_INT, 0, 7, MPI_COMM_SELF, MPI_STATUS_IGNORE);
  say("query of %d: error %d source %d tag %d, echo %d", o->number, status->MPI_ERROR, status->MPI_SOURCE,
      status->MPI_TAG, sum);
  MPI_Status_set_elements(status, MPI_INT, o->number);
  MPI_Status_set_cancelled(status, o->number % 2);
  status->MPI_SOURCE = 1000 + o->number;
  status->MPI_TAG = 2000 + o->number;
  return (o->way & kWrongQuery) != 0 ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static int release(void *extra) {
  const Operation *o = extra;
  say("free of %d", o->number);
  return (o->way & kWrongFree) != 0 ? MPI_ERR_ARG : MPI_SUCCESS;
}

static int cancel(void *extra, int complete) {
  const Operation *o = extra;
  say("cancel of %d, complete %d", o->number, complete);
  return (o->way & kWrongFree) != 0 ? MPI_ERR_RANK : MPI_SUCCESS;
}

static void on_error(MPI_Comm *of, int *code, ...) {
  int class;
  MPI_Error_class(*code, &class);
  say("handler, class %d, world %d", class, *of == MPI_COMM_WORLD);
}

static Operation *operation(int way) {
  static int numbers;
  Operation *o = malloc(sizeof *o);
  *o = (Operation){++numbers, way};
  return o;
}

static void begin(Operation *o, MPI_Request *request) { MPI_Grequest_start(query, release, cancel, o, request); }

static void show(const char *what, int i, const MPI_Status *s) {
  say("%s, status %d: source %d tag %d error %d cancelled %d count %ld", what, i, s->MPI_SOURCE, s->MPI_TAG,
      s->MPI_ERROR, s->_cancelled, (long)s->_ucount);
}

static void fill(int n, MPI_Status *statuses) {
  memset(statuses, 0, (size_t)n * sizeof *statuses);
  for (int i = 0; i < n; i++)
    statuses[i].MPI_SOURCE = statuses[i].MPI_TAG = statuses[i].MPI_ERROR = statuses[i]._cancelled = kUntouched;
}

/* ---- every function, with requests of all kinds ---- */
typedef struct {
  Operation *operations[2];
  MPI_Request requests[kMembers]; /* generalized, receive, barrier, generalized, send */
  int in, out;
} Mixture;

static void mix(Mixture *m, int way, int tag) {
  const int right = (rank + 1) % size, left = (rank + size - 1) % size;
  begin(m->operations[0] = operation(way), &m->requests[0]);
  MPI_Irecv(&m->in, 1, MPI_INT, left, tag, comm, &m->requests[1]);
  MPI_Ibarrier(comm, &m->requests[2]);
  begin(m->operations[1] = operation(way == kWrongFree ? way : 0), &m->requests[3]);
  m->out = 100 * tag + rank;
  MPI_Isend(&m->out, 1, MPI_INT, right, tag, comm, &m->requests[4]);
}

static int is_generalized(int i) { return i == 0 || i == 3; }

/* All but the generalized ones are complete, and nothing has been asked of these. */
static void settle(Mixture *m) {
  for (int i = 0; i < kMembers; i++)
    for (int flag = is_generalized(i); !flag;) MPI_Request_get_status(m->requests[i], &flag, MPI_STATUS_IGNORE);
}

/* Before anybody says that they are complete. */
static void ask_in_vain(MPI_Request *request) {
  int flag = kUntouched, other = kUntouched, index = kUntouched, some[2] = {kUntouched, kUntouched};
  MPI_Request pair[2] = {MPI_REQUEST_NULL, *request};
  SAY(MPI_Test(request, &flag, MPI_STATUS_IGNORE));
  SAY(MPI_Request_get_status(*request, &other, MPI_STATUS_IGNORE));
  say("not complete: %d %d", flag, other);
  SAY(MPI_Testall(2, pair, &flag, MPI_STATUSES_IGNORE));
  SAY(MPI_Testany(2, pair, &index, &other, MPI_STATUS_IGNORE));
  say("not complete: %d %d %d", flag, other, index);
  SAY(MPI_Testsome(2, pair, &index, some, MPI_STATUSES_IGNORE));
  say("not complete: %d %d", index, pair[1] == *request);
}

static void finish(Mixture *m, Function how, int ignore) {
  MPI_Status statuses[kMembers];
  int count, which[kMembers] = {kUntouched, kUntouched, kUntouched, kUntouched, kUntouched};
  say("%s, way %d%s", function_names[how], m->operations[0]->way, ignore ? ", no status" : "");
  ask_in_vain(&m->requests[0]);
  settle(m);
  MPI_Grequest_complete(m->requests[0]);
  MPI_Grequest_complete(m->requests[3]);
  fill(kMembers, statuses);
  const int rc = find(how, kMembers, m->requests, ignore ? MPI_STATUSES_IGNORE : statuses, &count, which);
  say("%s: code %d count %d which %d %d %d %d %d", function_names[how], rc, count, which[0], which[1], which[2],
      which[3], which[4]);
  const int in_order = how == wait_all || how == test_all;
  for (int i = 0; i < kMembers && !ignore; i++)
    if (in_order ? is_generalized(i) : statuses[i].MPI_SOURCE >= 1000 || statuses[i].MPI_SOURCE == kUntouched)
      show(function_names[how], i, &statuses[i]);
  for (int i = 0; i < kMembers; i++) say("%d is null: %d", i, m->requests[i] == MPI_REQUEST_NULL);
  say("the rest: %d", MPI_Waitall(kMembers, m->requests, MPI_STATUSES_IGNORE));
  for (int i = 0; i < kMembers; i++) say("%d is null: %d", i, m->requests[i] == MPI_REQUEST_NULL);
  say("received %d", m->in);
}

/* ---- cancelled, freed, wrong ---- */
typedef struct {
  MPI_Request cancelled[2], freed[3], asked[3];
} Odd;

static void begin_odd(Odd *o) {
  begin(operation(0), &o->cancelled[0]);
  begin(operation(kWrongFree), &o->cancelled[1]);
  for (int i = 0; i < 3; i++) begin(operation(0), &o->freed[i]), begin(operation(i), &o->asked[i]);
  SAY(MPI_Cancel(&o->cancelled[0]));
  SAY(MPI_Cancel(&o->cancelled[1]));
}

static void free_one(MPI_Request *request) {
  MPI_Request copy = *request;
  SAY(MPI_Request_free(&copy));
  say("freed is null: %d", copy == MPI_REQUEST_NULL);
}

static void cancelled(Odd *o) {
  MPI_Status s;
  int flag = kUntouched;
  for (int i = 0; i < 2; i++) {
    SAY(MPI_Cancel(&o->cancelled[i]));
    SAY(MPI_Grequest_complete(o->cancelled[i]));
    SAY(MPI_Cancel(&o->cancelled[i]));
    fill(1, &s);
    SAY(MPI_Wait(&o->cancelled[i], &s));
    show("cancelled", i, &s);
    SAY(MPI_Test_cancelled(&s, &flag));
    say("cancelled: %d, null %d", flag, o->cancelled[i] == MPI_REQUEST_NULL);
    if (o->cancelled[i] != MPI_REQUEST_NULL) MPI_Request_free(&o->cancelled[i]);
  }
}

/* Asked before it is waited for: its function is called again. */
static void asked(Odd *o) {
  for (int i = 0; i < 3; i++) {
    MPI_Status s;
    int flag = kUntouched;
    SAY(MPI_Grequest_complete(o->asked[i]));
    for (int again = 0; again < 2; again++) {
      fill(1, &s);
      SAY(MPI_Request_get_status(o->asked[i], &flag, &s));
      say("asked: flag %d", flag);
      show("asked", i, &s);
    }
    fill(1, &s);
    SAY(MPI_Test(&o->asked[i], &flag, &s));
    show("then tested", i, &s);
    say("null %d", o->asked[i] == MPI_REQUEST_NULL);
  }
}

static void wrongly_used(void) {
  MPI_Request request, copy;
  int one = 1;
  SAY(MPI_Grequest_complete(MPI_REQUEST_NULL));
  MPI_Isend(&one, 1, MPI_INT, 0, 3, MPI_COMM_SELF, &request);
  SAY(MPI_Grequest_complete(request));
  MPI_Recv(&one, 1, MPI_INT, 0, 3, MPI_COMM_SELF, MPI_STATUS_IGNORE);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  begin(operation(0), &request);
  copy = request;
  SAY(MPI_Start(&copy));
  SAY(MPI_Startall(1, &copy));
  SAY(MPI_Grequest_complete(request));
  SAY(MPI_Wait(&request, MPI_STATUS_IGNORE));
  SAY(MPI_Grequest_start(query, release, cancel, operation(0), NULL));
  MPI_Grequest_start(NULL, release, NULL, operation(0), &request);
  SAY(MPI_Cancel(&request));
  SAY(MPI_Grequest_complete(request));
  SAY(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

static void odd(Odd *o) {
  cancelled(o);
  asked(o);
  MPI_Request copy = o->freed[1];
  free_one(&o->freed[0]); /* before it is complete; [2] was before the hold */
  SAY(MPI_Grequest_complete(o->freed[0]));
  SAY(MPI_Grequest_complete(copy));
  free_one(&copy);
  SAY(MPI_Grequest_complete(o->freed[2]));
  wrongly_used();
}

static void hold(const char *file) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("held\n"), fflush(stdout);
  while (file != NULL && access(file, F_OK) != 0) usleep(10000);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  static Mixture mixtures[functions][kWays][2];
  MPI_Errhandler handler;
  Odd others;
  int tag = 10;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  say_rank = rank;
  MPI_Comm_create_errhandler(on_error, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  for (Function h = 0; h < functions; h++)
    for (int way = 0; way < kWays; way++)
      for (int ignore = 0; ignore < 2; ignore++) mix(&mixtures[h][way][ignore], way, tag++);
  begin_odd(&others);
  free_one(&others.freed[2]);
  hold(argc > 1 ? argv[1] : NULL);
  for (Function h = 0; h < functions; h++)
    for (int way = 0; way < kWays; way++)
      for (int ignore = 0; ignore < 2; ignore++) finish(&mixtures[h][way][ignore], h, ignore);
  odd(&others);
  MPI_Finalize();
  return 0;
}
