/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks that do next to nothing, and always the same, until the file UNTIL exists: whatever grows is not theirs.
 *   idle UNTIL
 * While the file UNTIL.socket exists rank 1 has a socket, for which checkpoints are refused. When UNTIL.ask appears
 * rank 1 asks libcr for checkpoints of itself, as often as the file says, and prints "asked N, refused N". */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/guest/libcr.h"

static const char *beside(const char *until, const char *suffix) {
  static char path[4096];
  snprintf(path, sizeof path, "%s.%s", until, suffix);
  return path;
}

static void ask_libcr(FILE *file) {
  int count = 0, refused = 0;
  if (fscanf(file, "%d", &count) != 1) count = 0;
  fclose(file);
  for (int i = 0; i < count; ++i) {
    cr_checkpoint_args_t arguments;
    cr_checkpoint_handle_t handle = 0;
    cr_initialize_checkpoint_args_t(&arguments);
    arguments.cr_fd = open("/dev/null", O_WRONLY);
    if (cr_request_checkpoint(&arguments, &handle) != 0 || cr_poll_checkpoint(&handle, NULL) < 0) ++refused;
    close(arguments.cr_fd);
  }
  printf("asked %d, refused %d\n", count, refused);
  fflush(stdout);
}

static void rank_1(const char *until, int *sock, int *asked) {
  const int wanted = access(beside(until, "socket"), F_OK) == 0;
  if (wanted && *sock < 0) *sock = socket(AF_NETLINK, SOCK_RAW, 0);
  if (!wanted && *sock >= 0) {
    close(*sock);
    *sock = -1;
  }
  FILE *file = *asked ? NULL : fopen(beside(until, "ask"), "r");
  if (file != NULL) {
    *asked = 1;
    ask_libcr(file);
  }
}

int main(int argc, char **argv) {
  int rank, end = 0, sock = -1, asked = 0;
  const struct timespec pause = {0, 2000000};
  if (argc < 2) return 2;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  cr_init();
  while (!end) {
    if (rank == 1) rank_1(argv[1], &sock, &asked);
    end = access(argv[1], F_OK) == 0;
    MPI_Bcast(&end, 1, MPI_INT, 0, MPI_COMM_WORLD);
    nanosleep(&pause, NULL);
  }
  if (rank == 0) printf("PASS\n");
  MPI_Finalize();
  return 0;
}
