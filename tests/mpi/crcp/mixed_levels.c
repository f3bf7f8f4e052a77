// SPDX-License-Identifier: Apache-2.0
// Rank 0 asks for MPI_THREAD_MULTIPLE, the others for less. mixed_levels FILE: messages and new communicators, with all
// and with some, until FILE exists. Prints PASS.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int ring(MPI_Comm comm, int round) {
  int rank, size, mine, got = -1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  mine = round * size + rank;
  MPI_Sendrecv(&mine, 1, MPI_INT, (rank + 1) % size, 1, &got, 1, MPI_INT, (rank + size - 1) % size, 1, comm,
               MPI_STATUS_IGNORE);
  return got != round * size + (rank + size - 1) % size;
}

int main(int argc, char** argv) {
  int rank, provided, wrong = 0, done = 0;
  MPI_Group all, some;
  const int first[1] = {0};
  const char* number = getenv("OMPI_COMM_WORLD_RANK");
  MPI_Init_thread(&argc, &argv, number != NULL && atoi(number) == 0 ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE,
                  &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  MPI_Group_excl(all, 1, first, &some);
  for (int round = 0; !done; ++round) {
    MPI_Comm copy, few;
    MPI_Comm_dup(MPI_COMM_WORLD, &copy);
    wrong += ring(copy, round);
    MPI_Comm_free(&copy);
    if (rank != 0) {
      MPI_Comm_create_group(MPI_COMM_WORLD, some, 5, &few);
      wrong += ring(few, round);
      MPI_Comm_free(&few);
    }
    if (rank == 0 && round == 10) puts("begun"), fflush(stdout);
    if (rank == 0) done = access(argv[1], F_OK) == 0;
    MPI_Bcast(&done, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  MPI_Group_free(&some);
  MPI_Group_free(&all);
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(wrong == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return wrong != 0;
}
