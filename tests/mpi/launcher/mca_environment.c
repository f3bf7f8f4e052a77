/* SPDX-License-Identifier: Apache-2.0 */
/* Says which transports Open MPI has been told in its environment, before and after there is a file "go"; the
 * launcher's variables are then those that there were, and tell of the same program. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/mpi/told_of_file.h"

enum { kMost = 500 };
static char *before[kMost];
extern char **environ;

static int is_launchers(const char *entry) {
  return strncmp(entry, "OMPI_", 5) == 0 || strncmp(entry, "PMIX_", 5) == 0 || strncmp(entry, "CAIRN_", 6) == 0;
}

static size_t name_length(const char *entry) { return strcspn(entry, "="); }

static const char *value_before(const char *entry) {
  const size_t n = name_length(entry);
  for (char **e = before; *e != NULL; ++e)
    if (name_length(*e) == n && strncmp(*e, entry, n) == 0) return *e;
  return NULL;
}

static int is_of_program(const char *entry) {
  return strncmp(entry, "OMPI_COMMAND=", 13) == 0 || strncmp(entry, "OMPI_ARGV=", 10) == 0;
}

int main(int argc, char **argv) {
  int rank, of_program = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int i = 0; i < kMost - 1 && environ[i] != NULL; ++i) before[i] = strdup(environ[i]);
  if (rank == 0) printf("before: %s\n", getenv("OMPI_MCA_btl")), fflush(stdout);
  wait_for("go");
  printf("rank %d: %s\n", rank, getenv("OMPI_MCA_btl")), fflush(stdout);
  for (char **e = environ; *e != NULL; ++e) {
    const char *was = value_before(*e);
    if (is_launchers(*e) && was == NULL) printf("rank %d has got %s\n", rank, *e), fflush(stdout);
    if (is_of_program(*e) && was != NULL) of_program += strcmp(was, *e) == 0;
  }
  printf("rank %d: %d of its program\n", rank, of_program), fflush(stdout);
  MPI_Finalize();
  return 0;
}
