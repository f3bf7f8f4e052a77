// SPDX-License-Identifier: Apache-2.0
// Goes round in collectives, with so many areas of memory that capturing it takes its time, and looks whether it has
// the descriptors that it had in the beginning, and no others. Rank 0 says "round N". The end is when the file named by
// the argument exists. PASS if every sum and every look was right.
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kDescriptors = 1024, kAreas = 3000, kPage = 4096 };

static void look(char open_now[kDescriptors]) {
  for (int fd = 0; fd < kDescriptors; ++fd) open_now[fd] = (char)(fcntl(fd, F_GETFD) >= 0);
}

static int fill_memory(void) {
  char* const memory = mmap(NULL, 2L * kAreas * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 0;
  for (long i = 0; i < kAreas; ++i) {
    memory[2 * i * kPage] = 1;
    if (mprotect(memory + (2 * i + 1) * kPage, kPage, PROT_NONE) != 0) return 0;
  }
  return 1;
}

static void fail(const char* what, int value) {
  fprintf(stderr, "FAIL: %s %d\n", what, value);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

int main(int argc, char** argv) {
  char before[kDescriptors], now[kDescriptors];
  int rank, size, end = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (!fill_memory()) fail("no memory", 0);
  look(before);
  for (int round = 1; !end; ++round) {
    int sum = 0;
    MPI_Allreduce(&round, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (sum != size * round) fail("a sum is", sum);
    look(now);
    for (int i = 0; i < 500 && memcmp(now, before, sizeof now) != 0; ++i) {  // the host opens files, and puts them away
      usleep(10000);
      look(now);
    }
    for (int fd = 0; fd < kDescriptors; ++fd)
      if (now[fd] != before[fd]) fail(now[fd] ? "a new descriptor:" : "a descriptor is gone:", fd);
    end = access(argv[1], F_OK) == 0;
    MPI_Bcast(&end, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank != 0 || round % 20 != 0) continue;
    printf("round %d\n", round);
    fflush(stdout);
  }
  if (rank == 0) puts("PASS");
  MPI_Finalize();
  return 0;
}
