/* SPDX-License-Identifier: Apache-2.0 */
/* shared_log FILE LINES: all ranks append lines to one file. At the end rank 0 finds all lines of each rank in their
 * order, each once. */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int all_there(const char* path, int ranks, int lines) {
  int next[64] = {0}, rank, line;
  FILE* file = fopen(path, "r");
  if (file == NULL || ranks > 64) return 0;
  while (fscanf(file, "rank %d line %d\n", &rank, &line) == 2) {
    if (rank < 0 || rank >= ranks || line != next[rank]) {
      printf("FAIL rank %d: line %d where %d was to come\n", rank, line, next[rank]);
      return 0;
    }
    next[rank] = line + 1;
  }
  if (!feof(file)) return 0;
  for (rank = 0; rank < ranks; ++rank) {
    if (next[rank] != lines) {
      printf("FAIL rank %d: %d lines\n", rank, next[rank]);
      return 0;
    }
  }
  return 1;
}

/* Memory that takes longer to be looked at than that of other ranks: they would go on while this one is still captured.
 */
static void have_many_areas(void) {
  const size_t page = 4096, count = 20000;
  char* memory = mmap(NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  size_t i;
  if (memory == MAP_FAILED) MPI_Abort(MPI_COMM_WORLD, 1);
  for (i = 0; i < count; i += 2) {
    if (mprotect(memory + i * page, page, PROT_READ) != 0) MPI_Abort(MPI_COMM_WORLD, 1);
  }
}

int main(int argc, char** argv) {
  int rank, size, fd, i, good = 1, lines = argc > 2 ? atoi(argv[2]) : 1000;
  char text[64];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 1) have_many_areas();
  fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
  for (i = 0; i < lines; ++i) {
    const int n = snprintf(text, sizeof text, "rank %d line %d\n", rank, i);
    if (write(fd, text, (size_t)n) != n) MPI_Abort(MPI_COMM_WORLD, 1);
    if (rank == 0 && i % 100 == 0) {
      printf("step %d\n", i);
      fflush(stdout);
    }
    if (i % 500 == 499) MPI_Barrier(MPI_COMM_WORLD);
    usleep(500);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    good = all_there(argv[1], size, lines);
    puts(good ? "PASS" : "FAIL");
  }
  MPI_Finalize();
  return !good;
}
