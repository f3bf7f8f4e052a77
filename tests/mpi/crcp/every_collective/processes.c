// SPDX-License-Identifier: Apache-2.0
// every_collective: communicators with other processes, made by MPI_Comm_spawn or by MPI_Comm_connect between ranks 0
// and
// 1. A round makes one, sums over it, and leaves it.
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "calls.h"

// Over both sides: each side's numbers are the sum for the other.
static int sum_of_others(MPI_Comm inter, int mine) {
  int sum = -1;
  MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, inter);
  return sum;
}

static const int kOfChild = 17;
static char own_path[4096];

static const char* own_program(void) {
  const ssize_t n = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
  return n > 0 ? own_path : "every_collective";
}

void be_child(MPI_Comm parents) {
  sum_of_others(parents, kOfChild);
  MPI_Comm_disconnect(&parents);
}

static void left_children(MPI_Comm children, int n, const char* what) {
  expect(sum_of_others(children, number_of(n, rank)) == kOfChild, what);
  come_late();
  MPI_Comm_disconnect(&children);
}

static void spawn_round(int n) {
  MPI_Comm children;
  char* arguments[] = {"child", NULL};
  MPI_Comm_spawn(own_program(), arguments, 1, MPI_INFO_NULL, 0, copy, &children, MPI_ERRCODES_IGNORE);
  left_children(children, n, "MPI_Comm_spawn");
}

static void spawn_multiple_round(int n) {
  MPI_Comm children;
  char* command = (char*)own_program();
  const int one = 1;
  const MPI_Info none = MPI_INFO_NULL;
  char* arguments[] = {"child", NULL};
  char** all_arguments[] = {arguments};
  MPI_Comm_spawn_multiple(1, &command, all_arguments, &one, &none, 0, copy, &children, MPI_ERRCODES_IGNORE);
  left_children(children, n, "MPI_Comm_spawn_multiple");
}

static void met(MPI_Comm other, int n, const char* what) {
  expect(sum_of_others(other, number_of(n, rank)) == number_of(n, 1 - rank), what);
  MPI_Comm_disconnect(&other);
}

// Of ranks 0 and 1, one accepts and the other connects; the one or the other comes late.
static void meet_at(int acceptor, int n) {
  char port[MPI_MAX_PORT_NAME];
  MPI_Comm other;
  if (rank > 1) return;
  if (rank == acceptor) {
    MPI_Open_port(MPI_INFO_NULL, port);
    MPI_Send(port, sizeof port, MPI_CHAR, 1 - rank, 0, copy);
    come_late();
    MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &other);
    MPI_Close_port(port);
    met(other, n, "MPI_Comm_accept");
  } else {
    MPI_Recv(port, sizeof port, MPI_CHAR, 1 - rank, 0, copy, MPI_STATUS_IGNORE);
    come_late();
    MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_SELF, &other);
    met(other, n, "MPI_Comm_connect");
  }
}

static void accept_round(int n) { meet_at(1, n); }
static void connect_round(int n) { meet_at(0, n); }

// A socket between ranks 0 and 1, of the loopback interface.
static int connected_socket(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (rank == 0) {
    bind(fd, (struct sockaddr*)&address, length);
    listen(fd, 1);
    getsockname(fd, (struct sockaddr*)&address, &length);
    MPI_Send(&address, sizeof address, MPI_BYTE, 1, 0, copy);
    const int accepted = accept(fd, NULL, NULL);
    close(fd);
    return accepted;
  }
  MPI_Recv(&address, sizeof address, MPI_BYTE, 0, 0, copy, MPI_STATUS_IGNORE);
  expect(connect(fd, (struct sockaddr*)&address, length) == 0, "a socket");
  return fd;
}

static void join_round(int n) {
  if (rank > 1) return;
  MPI_Comm other;
  const int fd = connected_socket();
  come_late();
  MPI_Comm_join(fd, &other);
  close(fd);
  met(other, n, "MPI_Comm_join");
}

const struct call process_calls[] = {
    {"MPI_Comm_spawn", spawn_round},
    {"MPI_Comm_spawn_multiple", spawn_multiple_round},
    {NULL, NULL},
};

const struct call connection_calls[] = {
    {"MPI_Comm_accept", accept_round},
    {"MPI_Comm_connect", connect_round},
    {"MPI_Comm_join", join_round},
    {NULL, NULL},
};
