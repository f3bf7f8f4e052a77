// SPDX-License-Identifier: Apache-2.0
// What a status tells of ranks that keep a checkpoint waiting: until the file named by the first argument exists, rank
// 2 computes, rank 1 waits for its message in a communicator of its own making, the others are in a collective of all.
// PASS when all is over.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

__attribute__((noinline)) void compute_until(const char *path) {
  const struct timespec pause = {0, 10000000};
  while (access(path, F_OK) != 0) nanosleep(&pause, NULL);
}

__attribute__((noinline)) int await_word(MPI_Comm comm) {
  int word = 0;
  MPI_Recv(&word, 1, MPI_INT, 0, 77, comm, MPI_STATUS_IGNORE);
  return word;
}

/* A function that other files cannot name. */
__attribute__((noinline)) static int gather_words(int word) {
  int sum = 0;
  MPI_Allreduce(&word, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  return sum;
}

int main(int argc, char **argv) {
  int rank, word = 7;
  MPI_Comm pair;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 1 || rank == 2, -rank, &pair); /* rank 2 is 0 of it, rank 1 is 1 */
  if (rank == 2) {
    printf("rank 2 computes\n"), fflush(stdout);
    compute_until(argv[argc - 1]);
    MPI_Send(&word, 1, MPI_INT, 1, 77, pair);
  } else if (rank == 1) {
    word = await_word(pair);
  }
  const int sum = gather_words(word);
  if (rank == 0) printf(sum == 28 ? "PASS\n" : "FAIL\n");
  MPI_Comm_free(&pair);
  MPI_Finalize();
  return 0;
}
