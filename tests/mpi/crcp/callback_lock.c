// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: a lock of the program, as an interpreter of a language has one.
//   crcp_callback_lock STOP     (2 ranks)
// The main threads reduce with a function that takes the lock, and send and receive meanwhile; a second thread of each
// rank makes short calls with the lock held. Rank 0 prints "round N" until the file STOP exists. Prints PASS if all
// sums and answers are right.
#include <mpi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { kCount = 4000, kReductions = 8 };

static pthread_mutex_t interpreter = PTHREAD_MUTEX_INITIALIZER;
static int rank, size;
static atomic_int stopping, wrong;
static atomic_long called;

static void expect(int right, const char* what) {
  if (!right && atomic_fetch_add(&wrong, 1) == 0) printf("FAIL %s (rank %d)\n", what, rank), fflush(stdout);
}

static void a_moment(long nanoseconds) {
  const struct timespec pause = {0, nanoseconds};
  nanosleep(&pause, NULL);
}

static void add(void* in, void* inout, int* n, MPI_Datatype* type) {
  int bytes = 0;
  pthread_mutex_lock(&interpreter);
  MPI_Type_size(*type, &bytes);
  expect(bytes == sizeof(int), "the function's datatype");
  for (int i = 0; i < *n; ++i) ((int*)inout)[i] += ((int*)in)[i];
  ++called;
  pthread_mutex_unlock(&interpreter);
}

static void use_types(void) {
  int bytes = 0, position = 0, packed[3], numbers[3] = {1, 2, 3}, room = 0;
  MPI_Aint lower, extent;
  MPI_Datatype vector, copy;
  MPI_Type_vector(3, 2, 4, MPI_INT, &vector);
  MPI_Type_dup(vector, &copy);
  MPI_Type_commit(&vector);
  MPI_Type_size(vector, &bytes);
  MPI_Type_get_extent(copy, &lower, &extent);
  expect(bytes == 6 * sizeof(int) && extent == 10 * sizeof(int), "a datatype");
  MPI_Type_free(&copy);
  MPI_Type_free(&vector);
  MPI_Pack_size(3, MPI_INT, MPI_COMM_WORLD, &room);
  MPI_Pack(numbers, 3, MPI_INT, packed, sizeof packed, &position, MPI_COMM_WORLD);
  expect(room >= position && packed[2] == 3, "MPI_Pack");
}

static void use_groups(void) {
  MPI_Group all, me;
  int of_me = -1;
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  MPI_Group_incl(all, 1, &rank, &me);
  MPI_Group_rank(me, &of_me);
  expect(of_me == 0, "a group");
  MPI_Group_free(&me);
  MPI_Group_free(&all);
}

static void use_others(MPI_Comm ring) {
  int count = 0, coordinate = -1, commutes = 0, class = 0, length = 0;
  char text[MPI_MAX_ERROR_STRING];
  MPI_Status status = {0};
  MPI_Op op;
  MPI_Info info;
  MPI_Status_set_elements(&status, MPI_INT, 5);
  MPI_Get_count(&status, MPI_INT, &count);
  MPI_Cart_coords(ring, rank, 1, &coordinate);
  MPI_Op_create(add, 1, &op);
  MPI_Op_commutative(op, &commutes);
  MPI_Op_free(&op);
  MPI_Info_create(&info);
  MPI_Info_set(info, "key", "value");
  MPI_Info_free(&info);
  MPI_Error_class(MPI_ERR_RANK, &class);
  MPI_Error_string(MPI_ERR_RANK, text, &length);
  expect(count == 5 && coordinate == rank && commutes == 1 && class == MPI_ERR_RANK && length > 0, "a short call");
}

static void* hold(void* communicator) {
  const MPI_Comm ring = *(MPI_Comm*)communicator;
  while (!stopping) {
    pthread_mutex_lock(&interpreter);
    for (int i = 0; i < 20; ++i) use_types(), use_groups(), use_others(ring);
    pthread_mutex_unlock(&interpreter);
    a_moment(100000);
  }
  return NULL;
}

// Whoever lets the library work calls the function: who waits for a message, too, or libcr's thread for one that
// sleeps.
static void reduce(MPI_Op op, int round) {
  static int mine[kCount], sums[kCount];
  const int sent = round * size + rank;
  int got = -1;
  MPI_Request requests[3];
  for (int i = 0; i < kCount; ++i) mine[i] = round + rank + i;
  MPI_Iallreduce(mine, sums, kCount, MPI_INT, op, MPI_COMM_WORLD, &requests[0]);
  MPI_Irecv(&got, 1, MPI_INT, 1 - rank, 1, MPI_COMM_WORLD, &requests[1]);
  a_moment(1000000);
  MPI_Isend(&sent, 1, MPI_INT, 1 - rank, 1, MPI_COMM_WORLD, &requests[2]);
  MPI_Waitall(2, &requests[1], MPI_STATUSES_IGNORE);
  MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
  expect(got == round * size + 1 - rank, "a message");
  for (int i = 0; i < kCount; ++i) expect(sums[i] == 2 * (round + i) + 1, "a sum");
}

int main(int argc, char** argv) {
  int provided, last = 0, yes = 1;
  MPI_Op op;
  MPI_Comm ring;
  pthread_t holder;
  long calls, all_calls = 0;
  if (argc < 2) return 2;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 0 && provided != MPI_THREAD_MULTIPLE) printf("no threads\n"), fflush(stdout);
  MPI_Op_create(add, 1, &op);
  MPI_Cart_create(MPI_COMM_WORLD, 1, &size, &yes, 0, &ring);
  pthread_create(&holder, NULL, hold, &ring);
  for (int round = 1; !last; ++round) {
    for (int i = 0; i < kReductions; ++i) reduce(op, round + i);
    if (rank == 0) printf("round %d\n", round), fflush(stdout);
    if (rank == 0) last = access(argv[1], F_OK) == 0;
    MPI_Bcast(&last, 1, MPI_INT, 0, MPI_COMM_WORLD);
  }
  stopping = 1;
  pthread_join(holder, NULL);
  calls = called;
  MPI_Allreduce(&calls, &all_calls, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  expect(all_calls > 0, "the function has not been called");
  last = wrong;
  MPI_Allreduce(MPI_IN_PLACE, &last, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) puts(last == 0 ? "PASS" : "FAIL");
  MPI_Finalize();
  return last != 0;
}
