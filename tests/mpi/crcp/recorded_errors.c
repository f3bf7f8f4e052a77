// SPDX-License-Identifier: Apache-2.0
// Collective file operations that cannot be made, and are recorded: who is told when they fail later?
//   crcp_recorded_errors GO ON FILE     (3 ranks)
// The file is open for reading only, with an error handler of its own; that of every communicator ends the job. Rank 0
// is inside of a barrier that rank 1 comes to when the file GO is there: a request that is made before cannot end
// before. Rank 1 begins the operations then, rank 2 when the file ON is there. Afterwards all do the same without a
// request. Prints PASS if the file's handler was told everything, and nobody else anything.
#include <mpi.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { kOperations = 4 };

static MPI_File file;
static int rank, told, wrong;

static void note(MPI_File* where, int* code, ...) {
  (void)code;
  ++told;
  if (*where != file) ++wrong;
}

static void await_file(const char* path) {
  const struct timespec moment = {0, 5000000};
  while (access(path, F_OK) != 0) nanosleep(&moment, NULL);
}

static void check(const char* what, int got, int expected) {
  if (got == expected) return;
  ++wrong;
  printf("FAIL rank %d: %s: %d, not %d\n", rank, what, got, expected);
}

static int class_of(int code) {
  int class = code;
  MPI_Error_class(code, &class);
  return class;
}

// What could not even be begun has no request.
static void begin(int* word, MPI_Request* requests) {
  for (int i = 0; i < kOperations; ++i) requests[i] = MPI_REQUEST_NULL;
  MPI_File_iwrite_all(file, word, 1, MPI_INT, &requests[0]);
  MPI_File_iwrite_at_all(file, 0, word, 1, MPI_INT, &requests[1]);
  MPI_File_iwrite_all(file, word, 1, MPI_INT, &requests[2]);
  MPI_File_iwrite_at_all(file, 4, word, 1, MPI_INT, &requests[3]);
}

static void finish(MPI_Request* requests) {
  int index = 0, count = 0, which = 0;
  MPI_Status status, statuses[2];
  if (requests[0] != MPI_REQUEST_NULL) check("MPI_Wait", class_of(MPI_Wait(&requests[0], &status)), MPI_ERR_READ_ONLY);
  if (requests[1] != MPI_REQUEST_NULL)
    check("MPI_Waitany", class_of(MPI_Waitany(1, &requests[1], &index, &status)), MPI_ERR_READ_ONLY);
  if (requests[2] != MPI_REQUEST_NULL) {
    check("MPI_Waitsome", MPI_Waitsome(1, &requests[2], &count, &which, statuses), MPI_ERR_IN_STATUS);
    check("MPI_Waitsome's status", class_of(statuses[0].MPI_ERROR), MPI_ERR_READ_ONLY);
  }
  if (requests[3] != MPI_REQUEST_NULL) {
    check("MPI_Waitall", MPI_Waitall(1, &requests[3], statuses), MPI_ERR_IN_STATUS);
    check("MPI_Waitall's status", class_of(statuses[0].MPI_ERROR), MPI_ERR_READ_ONLY);
  }
}

int main(int argc, char** argv) {
  int word = 1, all_wrong = 0;
  MPI_Comm pair;
  MPI_Errhandler handler;
  MPI_Request requests[kOperations];
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (argc != 4) MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_Comm_split(MPI_COMM_WORLD, rank == 2, rank, &pair);
  if (MPI_File_open(MPI_COMM_WORLD, argv[3], MPI_MODE_RDONLY, MPI_INFO_NULL, &file) != MPI_SUCCESS)
    MPI_Abort(MPI_COMM_WORLD, 2);
  MPI_File_create_errhandler(note, &handler);
  MPI_File_set_errhandler(file, handler);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    printf("ready\n");
    fflush(stdout);
    MPI_Barrier(pair);
  } else {
    await_file(argv[rank]);
  }
  begin(&word, requests);
  if (rank == 1) {
    check("told before anything was begun", told, 0);
    MPI_Barrier(pair);
  }
  finish(requests);
  check("told", told, kOperations);
  begin(&word, requests);
  finish(requests);
  check("told in all", told, 2 * kOperations);
  MPI_File_close(&file);
  MPI_Errhandler_free(&handler);
  MPI_Comm_free(&pair);
  MPI_Allreduce(&wrong, &all_wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  if (rank == 0 && all_wrong == 0) printf("PASS\n");
  return all_wrong != 0;
}
