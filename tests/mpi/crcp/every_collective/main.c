// SPDX-License-Identifier: Apache-2.0
// every_collective NAME|all: rounds of one function, or of each in turn for a while (but for those that start
// processes, with which a job is not checkpointed while they live), until there is a file "end" here.
// every_collective list: their names. Prints "begun" when all rows have had a round, and PASS.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

enum { kTables = 5, kMost = 200 };

int rank, size;
MPI_Comm copy;

static int wrong;
static unsigned seed;

static const struct call* chosen[kMost];
static int chosen_count;

void expect(int condition, const char* what) {
  if (!condition && wrong++ == 0) printf("rank %d: wrong: %s\n", rank, what), fflush(stdout);
}

void come_late(void) {
  const double until = MPI_Wtime() + (rand_r(&seed) % 4 == 0 ? rand_r(&seed) % 300 * 1e-6 : 0);
  while (MPI_Wtime() < until) continue;
}

static void choose(const char* name) {
  const struct call* tables[kTables] = {communicator_calls, connection_calls, file_calls, window_calls, process_calls};
  const int count = strcmp(name, "all") == 0 ? kTables - 1 : kTables;
  for (int t = 0; t < count; ++t)
    for (const struct call* c = tables[t]; c->name != NULL; ++c)
      if (strcmp(name, "all") == 0 || strcmp(name, "list") == 0 || strcmp(name, c->name) == 0)
        chosen[chosen_count++] = c;
}

// What rank 0 finds, told on one communicator or the other.
static int agreed(int n, int yes) {
  MPI_Bcast(&yes, 1, MPI_INT, 0, n % 2 == 0 ? MPI_COMM_WORLD : copy);
  return yes;
}

static void run(void) {
  const double each = chosen_count > 1 ? 0.05 : 1e9;
  int n = 0;
  for (int i = 0, end = 0; !end; ++i) {
    const double until = MPI_Wtime() + each;
    for (int go = 1; go; ++n) {
      chosen[i % chosen_count]->round(n);
      end = access("end", F_OK) == 0;
      go = agreed(n, MPI_Wtime() < until && !end);
      if (rank == 0 && n == 0 && chosen_count == 1) puts("begun"), fflush(stdout);
    }
    if (rank == 0 && i + 1 == chosen_count && chosen_count > 1) puts("begun"), fflush(stdout);
    end = agreed(n, end && (i + 1 >= chosen_count || chosen_count == 1));
  }
}

// Of the job: its exit status.
static int be_rank(void) {
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  run();
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Comm_free(&copy);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  return wrong != 0;
}

int main(int argc, char** argv) {
  const char* name = argc > 1 ? argv[1] : "list";
  choose(name);
  if (strcmp(name, "list") == 0) {
    for (int i = 0; i < chosen_count; ++i) puts(chosen[i]->name);
    return 0;
  }
  MPI_Comm parents;
  int status = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  seed = (unsigned)getpid();
  MPI_Comm_get_parent(&parents);
  if (parents != MPI_COMM_NULL)
    be_child(parents);
  else if (chosen_count > 0)
    status = be_rank();
  else
    status = 2;  // no such function
  MPI_Finalize();
  return status;
}
