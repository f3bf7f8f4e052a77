/* SPDX-License-Identifier: Apache-2.0 */
/* closes_all FILE: ranks that close every descriptor above 2 between their messages, in all ways, and get the lowest
 * numbers, until FILE is there. The MPI library's own are none of theirs. */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kWords = 20000 }; /* beyond the eager limits */

static int rank, size;

static void wrong(const char *what, long found, long expected) {
  printf("FAIL: rank %d: %s: %ld, not %ld\n", rank, what, found, expected);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static void is(const char *what, long found, long expected) {
  if (found != expected) wrong(what, found, expected);
}

static void close_all(int round) {
  is("open", open("/dev/null", O_RDONLY), 3);
  is("F_DUPFD", fcntl(3, F_DUPFD, 200), 200);
  is("dup2", dup2(3, 20 + round % 100), 20 + round % 100);
  switch (round % 4) {
    case 0:
      for (int fd = 3; fd < 1100; ++fd) close(fd);
      break;
    case 1:
      is("close_range", close_range(3, ~0U, 0), 0);
      break;
    case 2:
      closefrom(3);
      break;
    default:
      for (int fd = 3; fd < 1100; ++fd) syscall(SYS_close, fd);
  }
  is("F_GETFD", fcntl(200, F_GETFD), -1);
}

static void exchange(int round) {
  static int out[kWords], in[kWords];
  const int right = (rank + 1) % size, left = (rank + size - 1) % size;
  for (int i = 0; i < kWords; ++i) out[i] = round * size + rank + i;
  MPI_Sendrecv(out, kWords, MPI_INT, right, 1, in, kWords, MPI_INT, left, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  for (int i = 0; i < kWords; ++i) {
    if (in[i] != round * size + left + i) wrong("received", in[i], round * size + left + i);
  }
  int sum = 0;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  is("the sum", sum, size * (size - 1) / 2);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  close_range(3, ~0U, 0); /* what whoever started this left open */
  int end = 0;
  for (int round = 1; !end; ++round) {
    close_all(round);
    exchange(round);
    if (rank == 0) end = access(argv[1], F_OK) == 0;
    MPI_Bcast(&end, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank == 0 && round % 50 == 0) {
      printf("round %d\n", round);
      fflush(stdout);
    }
  }
  MPI_Finalize();
  if (rank == 0) printf("PASS\n");
  return 0;
}
