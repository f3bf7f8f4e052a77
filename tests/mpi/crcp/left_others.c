// SPDX-License-Identifier: Apache-2.0
// left_others spawn|multiple|connect|join: other processes are met, a sum passes between the two sides, they leave each
// other, and again after the file "again" is there. In between rank 0 says "together" until "leave" is there, and then
// "alone". Spawned processes end when they have left. Prints PASS.
#include <arpa/inet.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kChildren = 2, kOfChild = 100 };

static int rank, size, wrong;
static char* own_path;

static void say_until(const char* word, const char* file) {
  int over = 0;
  if (rank == 0) puts(word), fflush(stdout);
  while (!over) {
    if (rank == 0) over = access(file, F_OK) == 0;
    MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
}

static void exchange(MPI_Comm other, int mine, int expected) {
  int theirs = -1;
  if (other == MPI_COMM_NULL) return;
  MPI_Allreduce(&mine, &theirs, 1, MPI_INT, MPI_SUM, other);
  wrong += theirs != expected;
}

static MPI_Comm spawn(void) {
  char* arguments[] = {"child", NULL};
  MPI_Comm children;
  MPI_Comm_spawn(own_path, arguments, kChildren, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children, MPI_ERRCODES_IGNORE);
  return children;
}

// The same, of two programs.
static MPI_Comm spawn_multiple(void) {
  char *commands[kChildren], *arguments[] = {"child", NULL}, **all_arguments[kChildren];
  int counts[kChildren];
  MPI_Info infos[kChildren];
  MPI_Comm children;
  for (int i = 0; i < kChildren; ++i)
    commands[i] = own_path, all_arguments[i] = arguments, counts[i] = 1, infos[i] = MPI_INFO_NULL;
  MPI_Comm_spawn_multiple(kChildren, commands, all_arguments, counts, infos, 0, MPI_COMM_WORLD, &children,
                          MPI_ERRCODES_IGNORE);
  return children;
}

// Rank 0 with rank 1, over a socket that is needed for the call only.
static MPI_Comm join(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  MPI_Comm other;
  if (rank > 1) return MPI_COMM_NULL;
  int made = socket(AF_INET, SOCK_STREAM, 0), connected = made;
  if (rank == 0) {
    bind(made, (struct sockaddr*)&address, length);
    listen(made, 1);
    getsockname(made, (struct sockaddr*)&address, &length);
    MPI_Send(&address, sizeof address, MPI_BYTE, 1, 1, MPI_COMM_WORLD);
    connected = accept(made, NULL, NULL);
    close(made);
  } else {
    MPI_Recv(&address, sizeof address, MPI_BYTE, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    wrong += connect(made, (struct sockaddr*)&address, length) != 0;
  }
  MPI_Comm_join(connected, &other);
  close(connected);
  return other;
}

// Rank 0 with the others.
static MPI_Comm connect_to(void) {
  char port[MPI_MAX_PORT_NAME];
  MPI_Comm side, other;
  MPI_Comm_split(MPI_COMM_WORLD, rank == 0, rank, &side);
  if (rank == 0) MPI_Open_port(MPI_INFO_NULL, port);
  MPI_Bcast(port, sizeof port, MPI_CHAR, 0, MPI_COMM_WORLD);
  if (rank == 0)
    MPI_Comm_accept(port, MPI_INFO_NULL, 0, side, &other);
  else
    MPI_Comm_connect(port, MPI_INFO_NULL, 0, side, &other);
  if (rank == 0) MPI_Close_port(port);
  MPI_Comm_free(&side);
  return other;
}

static int be_child(void) {
  MPI_Comm parents;
  int mine, all, expected;
  MPI_Comm_get_parent(&parents);
  MPI_Comm_remote_size(parents, &all);
  MPI_Comm_rank(MPI_COMM_WORLD, &mine);
  expected = all * (all - 1) / 2;
  exchange(parents, kOfChild + mine, expected);
  exchange(parents, kOfChild + mine, expected);
  MPI_Comm_disconnect(&parents);
  MPI_Finalize();
  return wrong != 0;
}

typedef struct {
  const char* name;
  MPI_Comm (*meet)(void);
  int spawns;
} Kind;

static const Kind kinds[] = {
    {"spawn", spawn, 1}, {"multiple", spawn_multiple, 1}, {"connect", connect_to, 0}, {"join", join, 0}};

int main(int argc, char** argv) {
  own_path = argv[0];
  MPI_Init(&argc, &argv);
  if (strcmp(argv[1], "child") == 0) return be_child();
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const Kind* kind = kinds;
  while (strcmp(kind->name, argv[1]) != 0) ++kind;
  const int all = size * (size - 1) / 2, expected = kind->spawns ? kChildren * kOfChild + 1 : rank == 0 ? all : 0;
  for (int round = 0; round < 2; ++round) {
    MPI_Comm other = kind->meet();
    exchange(other, rank, kind->meet == join ? 1 - rank : expected);
    if (round == 0) say_until("together", "leave");
    exchange(other, rank, kind->meet == join ? 1 - rank : expected);
    if (other != MPI_COMM_NULL) MPI_Comm_disconnect(&other);
    if (round == 0) say_until("alone", "again");
  }
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return wrong != 0;
}
