// SPDX-License-Identifier: Apache-2.0
// launcher_many_files COUNT FILE: each rank has COUNT counters open and works until FILE exists; then each must count
// what it did.
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

int main(int argc, char** argv) {
  int rank, go = 0, wrong = 0;
  const int count = atoi(argv[1]);
  int* const fds = malloc((size_t)count * sizeof *fds);
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int i = 0; i < count; ++i) {
    fds[i] = eventfd((unsigned)(i + 1), EFD_NONBLOCK);
    if (fds[i] < 0) ++wrong;
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) puts("open");
  fflush(stdout);
  while (!go) {
    const int seen = access(argv[2], F_OK) == 0;
    MPI_Allreduce(&seen, &go, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    usleep(1000);
  }
  for (int i = 0; i < count; ++i) {
    uint64_t value = 0;
    if (read(fds[i], &value, sizeof value) != sizeof value || value != (uint64_t)(i + 1)) ++wrong;
  }
  int all = 0;
  MPI_Reduce(&wrong, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank == 0) printf("%s: %d wrong\n", all == 0 ? "PASS" : "FAIL", all);
  MPI_Finalize();
  free(fds);
  return 0;
}
