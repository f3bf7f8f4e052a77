// SPDX-License-Identifier: Apache-2.0
// Opens the MPI library by itself, as interpreters do:
//   opened_late BEGIN END
// Says "waiting", calls MPI_Init when the file BEGIN is there, and adds up over all ranks until the file END is there.
#define OMPI_SKIP_MPICXX 1
#include <dlfcn.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void* library;

static void* of_library(const char* name) {
  void* const symbol = dlsym(library, name);
  if (symbol == NULL) {
    printf("FAIL: %s\n", dlerror());
    exit(1);
  }
  return symbol;
}

static void pause_shortly(void) {
  const struct timespec moment = {0, 5000000};
  nanosleep(&moment, NULL);
}

int main(int argc, char** argv) {
  int rank, size, over = 0;
  if (argc != 3) return 2;
  const int is_first = atoi(getenv("OMPI_COMM_WORLD_RANK")) == 0;
  if (is_first) printf("waiting as %d\n", (int)getpid());
  fflush(stdout);
  while (access(argv[1], F_OK) != 0) pause_shortly();
  library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
  if (library == NULL) {
    printf("FAIL: %s\n", dlerror());
    return 1;
  }
  int (*const allreduce)(const void*, void*, int, MPI_Datatype, MPI_Op, MPI_Comm) =
      (int (*)(const void*, void*, int, MPI_Datatype, MPI_Op, MPI_Comm))of_library("MPI_Allreduce");
  MPI_Comm const world = (MPI_Comm)of_library("ompi_mpi_comm_world");
  MPI_Datatype const integer = (MPI_Datatype)of_library("ompi_mpi_int");
  MPI_Op const sum = (MPI_Op)of_library("ompi_mpi_op_sum"), most = (MPI_Op)of_library("ompi_mpi_op_max");
  if (((int (*)(int*, char***))of_library("MPI_Init"))(&argc, &argv) != 0) return 1;
  ((int (*)(MPI_Comm, int*))of_library("MPI_Comm_rank"))(world, &rank);
  ((int (*)(MPI_Comm, int*))of_library("MPI_Comm_size"))(world, &size);
  for (int round = 0; !over; ++round) {
    const int mine = round + rank, is_end = access(argv[2], F_OK) == 0;
    int all = 0;
    allreduce(&mine, &all, 1, integer, sum, world);
    allreduce(&is_end, &over, 1, integer, most, world);
    if (all != size * round + size * (size - 1) / 2) printf("FAIL: round %d: %d\n", round, all), exit(1);
    if (rank == 0 && round % 100 == 0) printf("round %d\n", round);
    fflush(stdout);
    pause_shortly();
  }
  ((int (*)(void))of_library("MPI_Finalize"))();
  if (rank == 0) printf("PASS\n");
  return 0;
}
