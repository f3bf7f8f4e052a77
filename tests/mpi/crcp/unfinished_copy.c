// SPDX-License-Identifier: Apache-2.0
// A communicator whose MPI_Comm_idup has not begun in the library, over a restart:
//   crcp_unfinished_copy GO ON     (2 ranks)
// Rank 0 says "ready" and waits in a barrier for rank 1, which begins to make the copy when the file GO is there and
// comes to the barrier then. When the file ON is there rank 1 sends on the copy, which is not complete: an error, as
// for MPI_COMM_NULL. Then rank 0 makes its copy, too. Prints PASS if it can be used in the end.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void await_file(const char* path) {
  const struct timespec moment = {0, 5000000};
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
}

static int is_refused(MPI_Comm comm) {
  int word = 1, code, class;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  code = MPI_Send(&word, 1, MPI_INT, 0, 0, comm);
  MPI_Error_class(code, &class);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
  return class == MPI_ERR_COMM;
}

int main(int argc, char** argv) {
  int rank, one = 1, sum = 0, refused = 1;
  MPI_Comm parent, copy;
  MPI_Request request;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 3) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Comm_dup(MPI_COMM_WORLD, &parent);
  MPI_Comm_set_errhandler(parent, MPI_ERRORS_RETURN);
  if (rank == 0) {
    printf("ready\n");
    fflush(stdout);
    MPI_Barrier(MPI_COMM_WORLD);
    await_file(argv[2]);
    MPI_Recv(&one, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Comm_idup(parent, &copy, &request);
  } else {
    await_file(argv[1]);
    MPI_Comm_idup(parent, &copy, &request);
    MPI_Barrier(MPI_COMM_WORLD);
    await_file(argv[2]);
    refused = is_refused(copy);
    MPI_Send(&one, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
  }
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, copy);
  if (rank == 1) printf(refused && sum == 2 ? "PASS\n" : "FAIL: refused %d, sum %d\n", refused, sum);
  MPI_Comm_free(&copy);
  MPI_Comm_free(&parent);
  MPI_Finalize();
  return 0;
}
