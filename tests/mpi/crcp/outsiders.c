// SPDX-License-Identifier: Apache-2.0
// outsiders CALL: rank 0 is in a call that waits for processes outside of its communicator, which is MPI_COMM_SELF.
// They come only when there is a file "come" here: rank 1, which enters MPI again and again meanwhile so that it could
// be held there, or a process that is started. Checks what passes between them; prints PASS.
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { kOfChild = 17 };

static int rank, wrong;
static char* own_path;

static int is_asked_for(void) { return access("come", F_OK) == 0; }

static void come_late(void) {
  int there;
  while (rank == 1 && !is_asked_for()) MPI_Iprobe(0, 1, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
}

static void meet(MPI_Comm* other, int expected) {
  int mine = rank, theirs = -1;
  MPI_Allreduce(&mine, &theirs, 1, MPI_INT, MPI_SUM, *other);
  wrong += theirs != expected;
  MPI_Comm_disconnect(other);
}

static void create(void) {
  MPI_Comm other;
  come_late();
  MPI_Intercomm_create(MPI_COMM_SELF, 0, MPI_COMM_WORLD, 1 - rank, 3, &other);
  meet(&other, 1 - rank);
}

static void connect_to(int acceptor) {
  char port[MPI_MAX_PORT_NAME];
  MPI_Comm other;
  if (rank == acceptor) MPI_Open_port(MPI_INFO_NULL, port);
  MPI_Bcast(port, sizeof port, MPI_CHAR, acceptor, MPI_COMM_WORLD);
  come_late();
  if (rank == acceptor)
    MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &other);
  else
    MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &other);
  meet(&other, 1 - rank);
}

static void accept_late(void) { connect_to(0); }
static void connect_early(void) { connect_to(1); }

static void spawn(void) {
  char* arguments[] = {"child", NULL};
  MPI_Comm child;
  if (rank == 0) {
    MPI_Comm_spawn(own_path, arguments, 1, MPI_INFO_NULL, 0, MPI_COMM_SELF, &child, MPI_ERRCODES_IGNORE);
    meet(&child, kOfChild);
  }
  come_late();
}

static int be_child(int argc, char** argv) {
  while (!is_asked_for()) usleep(10000);
  MPI_Comm parent;
  MPI_Init(&argc, &argv);
  MPI_Comm_get_parent(&parent);
  rank = kOfChild;
  meet(&parent, 0);
  MPI_Finalize();
  return wrong != 0;
}

static const struct {
  const char* name;
  void (*run)(void);
} calls[] = {{"MPI_Intercomm_create", create},
             {"MPI_Comm_accept", accept_late},
             {"MPI_Comm_connect", connect_early},
             {"MPI_Comm_spawn", spawn}};

int main(int argc, char** argv) {
  own_path = argv[0];
  if (argc == 2 && strcmp(argv[1], "child") == 0) return be_child(argc, argv);
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (unsigned i = 0; argc == 2 && i < sizeof calls / sizeof *calls; ++i)
    if (strcmp(argv[1], calls[i].name) == 0) calls[i].run();
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return wrong != 0;
}
