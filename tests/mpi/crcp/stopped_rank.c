// SPDX-License-Identifier: Apache-2.0
// The others go round and round (others.h), also within critical sections: stopping rank 1 is no reason for them to
// stand. The end is when the file named by the last argument exists. PASS if every value was right.
#include "others.h"

int main(int argc, char** argv) {
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 1) {
    printf("rank 1 is process %d\n", (int)getpid());
    fflush(stdout);
  }
  const int right = others_go_round(rank, argv[argc - 1], 1);
  MPI_Finalize();
  if (rank == 0) printf(right ? "PASS\n" : "FAIL\n");
  return 0;
}
