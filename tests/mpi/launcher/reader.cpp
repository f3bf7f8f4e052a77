// SPDX-License-Identifier: Apache-2.0
// reader LINES: rank 0 reads numbers from standard input, all ranks add them up. After LINES of them it says "read" and
// waits for a file "go_on", after the last "all" and for a file "end". It passes if the numbers were all from 1 to the
// one in the file "last", each once.
#include <mpi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

// All ranks together, so that none is late for a checkpoint.
void wait_for(int rank, const char* said, const char* file) {
  if (rank == 0) std::printf("%s\n", said);
  std::fflush(stdout);
  for (int there = 0; there == 0; usleep(2000)) {
    there = access(file, F_OK) == 0 ? 1 : 0;
    MPI_Bcast(&there, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
}

long next() {
  char line[64];
  return std::fgets(line, sizeof line, stdin) == nullptr ? 0 : std::atol(line);
}

long last_number() {
  long number = 0;
  std::FILE* file = std::fopen("last", "r");
  if (file == nullptr || std::fscanf(file, "%ld", &number) != 1) number = -1;
  if (file != nullptr) std::fclose(file);
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const long pause = argc > 1 ? std::atol(argv[1]) : -1;
  long count = 0, sum = 0;
  for (;;) {
    long number = rank == 0 ? next() : 0;
    MPI_Bcast(&number, 1, MPI_LONG, 0, MPI_COMM_WORLD);
    if (number == 0) break;
    sum += number;
    if (++count == pause) wait_for(rank, "read", "go_on");
  }
  wait_for(rank, "all", "end");
  const long last = last_number();
  const bool good = count == last && sum == last * (last + 1) / 2;
  if (rank == 0) std::printf("%s: %ld numbers, sum %ld\n", good ? "PASS" : "FAIL", count, sum);
  MPI_Finalize();
  return good ? 0 : 1;
}
