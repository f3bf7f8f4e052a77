// SPDX-License-Identifier: Apache-2.0
// The others go round and round (others.h); the rank named by the first argument has a socket that cannot be saved, or
// none of them has. The end is when the file named by the last argument exists. PASS if every value was right.
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "others.h"

int main(int argc, char** argv) {
  int rank, right;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc < 3 || (rank == atoi(argv[1]) && socket(AF_NETLINK, SOCK_RAW, 0) < 0)) MPI_Abort(MPI_COMM_WORLD, 2);
  right = others_go_round(rank, argv[argc - 1], 0);
  MPI_Finalize();
  if (rank == 0) printf(right ? "PASS\n" : "FAIL\n");
  return 0;
}
