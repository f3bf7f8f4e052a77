// SPDX-License-Identifier: Apache-2.0
// How many instructions a call into MPI takes in user space: counted one by one, so that neither a busy machine nor the
// kind of processor matters. One line "NAME COUNT instructions" for each call. One rank, which sends to itself.
//   call_steps
#include <errno.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kCalls = 20, kWarm = 200 };

static volatile struct {
  int wanted, attached, counting, over;
  long steps;
} * shared;

static int rank;
static MPI_Request pending;
static MPI_Status status;
static int flag;
static double in = 1, out;
static char byte;

// The child: steps its parent, this thread of it, through what is to be counted.
static void count(pid_t parent) {
  while (shared->wanted == 0) usleep(1000);
  if (ptrace(PTRACE_ATTACH, parent, 0, 0) != 0) _exit(errno);
  waitpid(parent, NULL, __WALL);
  shared->attached = 1;
  while (!shared->over) {
    int state;
    if (ptrace(PTRACE_SINGLESTEP, parent, 0, 0) != 0 || waitpid(parent, &state, __WALL) < 0 || !WIFSTOPPED(state))
      break;
    if (shared->counting) ++shared->steps;
  }
  ptrace(PTRACE_DETACH, parent, 0, 0);
  _exit(0);
}

static long steps_of(void (*call)(void), int calls) {
  shared->steps = 0;
  shared->counting = 1;
  for (int i = 0; i < calls; ++i) call();
  shared->counting = 0;
  return shared->steps;
}

static void nothing(void) { __asm__ volatile(""); }
static void comm_rank(void) { MPI_Comm_rank(MPI_COMM_WORLD, &rank); }
static void iprobe(void) { MPI_Iprobe(MPI_ANY_SOURCE, 99, MPI_COMM_WORLD, &flag, &status); }
static void test(void) { MPI_Test(&pending, &flag, &status); }
static void to_self(void) {
  MPI_Request request;
  MPI_Irecv(&byte, 1, MPI_CHAR, rank, 97, MPI_COMM_WORLD, &request);
  MPI_Send(&byte, 1, MPI_CHAR, rank, 97, MPI_COMM_WORLD);
  MPI_Wait(&request, &status);
}
static void isend_to_self(void) {
  MPI_Request requests[2];
  MPI_Irecv(&byte, 1, MPI_CHAR, rank, 96, MPI_COMM_WORLD, &requests[0]);
  MPI_Isend(&byte, 1, MPI_CHAR, rank, 96, MPI_COMM_WORLD, &requests[1]);
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
}
static void barrier(void) { MPI_Barrier(MPI_COMM_WORLD); }
static void allreduce(void) { MPI_Allreduce(&in, &out, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD); }
static void bcast(void) { MPI_Bcast(&in, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD); }

static const struct {
  const char* name;
  void (*call)(void);
} kCounted[] = {{"MPI_Comm_rank", comm_rank},
                {"MPI_Iprobe", iprobe},
                {"MPI_Test", test},
                {"Irecv+Send+Wait_self", to_self},
                {"Irecv+Isend+Waitall_self", isend_to_self},
                {"Barrier", barrier},
                {"Allreduce_8B", allreduce},
                {"Bcast_8B", bcast}};

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Irecv(&byte, 1, MPI_CHAR, MPI_ANY_SOURCE, 98, MPI_COMM_WORLD, &pending);
  comm_rank();
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int n = sizeof kCounted / sizeof kCounted[0];
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < kWarm; ++k) kCounted[i].call();
  const pid_t parent = getpid(), child = fork();
  if (child == 0) count(parent);
  shared->wanted = 1;
  while (!shared->attached)
    if (waitpid(child, NULL, WNOHANG) == child) fputs("a process cannot be stepped here\n", stderr), exit(77);
  const long around = steps_of(nothing, kCalls);
  long steps[sizeof kCounted / sizeof kCounted[0]];
  for (int i = 0; i < n; ++i) steps[i] = steps_of(kCounted[i].call, kCalls) - around;
  shared->over = 1;
  waitpid(child, NULL, 0);
  for (int i = 0; i < n; ++i) printf("%s %.1f instructions\n", kCounted[i].name, (double)steps[i] / kCalls);
  byte = 0;
  MPI_Send(&byte, 1, MPI_CHAR, rank, 98, MPI_COMM_WORLD);
  MPI_Wait(&pending, &status);
  MPI_Finalize();
  return 0;
}
