// SPDX-License-Identifier: Apache-2.0
// ports: rank 0 opens a port and publishes a name for it, once. Three times the others connect to it, by the name of
// the port that rank 0 told them at the beginning; from the second time on also by the name of the service, and to a
// port that was opened before. Between the times rank 0 says "met N" until there is a file "goN". Prints PASS.
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { kTimes = 3 };

static int rank, size, wrong;
static char service[64], first[MPI_MAX_PORT_NAME], second[MPI_MAX_PORT_NAME];

static void expect(int right, const char* what) {
  if (right) return;
  if (wrong++ == 0) printf("FAIL %s (rank %d)\n", what, rank), fflush(stdout);
}

static void say_until_go(int time) {
  char file[32];
  int over = 0;
  snprintf(file, sizeof file, "go%d", time);
  if (rank == 0) printf("met %d\n", time), fflush(stdout);
  while (!over) {
    if (rank == 0) over = access(file, F_OK) == 0;
    MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
}

static void open_port(char* port) {
  if (rank == 0) MPI_Open_port(MPI_INFO_NULL, port);
  MPI_Bcast(port, MPI_MAX_PORT_NAME, MPI_CHAR, 0, MPI_COMM_WORLD);
}

// Rank 0 with the others.
static void meet(const char* port) {
  MPI_Comm side, other;
  int theirs = -1;
  MPI_Comm_split(MPI_COMM_WORLD, rank == 0, rank, &side);
  if (rank == 0)
    MPI_Comm_accept(port, MPI_INFO_NULL, 0, side, &other);
  else
    MPI_Comm_connect(port, MPI_INFO_NULL, 0, side, &other);
  MPI_Allreduce(&rank, &theirs, 1, MPI_INT, MPI_SUM, other);
  expect(theirs == (rank == 0 ? size * (size - 1) / 2 : 0), "a sum over the others");
  MPI_Comm_disconnect(&other);
  MPI_Comm_free(&side);
}

static void look_up(char* port) {
  expect(MPI_Lookup_name(service, MPI_INFO_NULL, port) == MPI_SUCCESS, "MPI_Lookup_name");
  expect(strcmp(port, first) == 0, "the name of the port");
}

// Closed and taken back, they are not there any more.
static void end(void) {
  char port[MPI_MAX_PORT_NAME];
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    expect(MPI_Unpublish_name(service, MPI_INFO_NULL, first) == MPI_SUCCESS, "MPI_Unpublish_name");
    expect(MPI_Lookup_name(service, MPI_INFO_NULL, port) != MPI_SUCCESS, "a name that is not published any more");
    expect(MPI_Close_port(first) == MPI_SUCCESS && MPI_Close_port(second) == MPI_SUCCESS, "MPI_Close_port");
  }
}

int main(int argc, char** argv) {
  char found[MPI_MAX_PORT_NAME];
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  open_port(first);
  snprintf(service, sizeof service, "ports-%ld", (long)getpid());
  MPI_Bcast(service, sizeof service, MPI_CHAR, 0, MPI_COMM_WORLD);
  if (rank == 0) MPI_Publish_name(service, MPI_INFO_NULL, first);
  for (int time = 0; time < kTimes; ++time) {
    meet(first);
    if (time > 0) look_up(found), meet(found), meet(second);
    if (time == 0) open_port(second);
    if (time + 1 < kTimes) say_until_go(time);
  }
  end();
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return wrong != 0;
}
