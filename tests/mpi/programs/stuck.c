/* SPDX-License-Identifier: Apache-2.0 */
/* A job with a thread that cannot be stopped for a while.
 *   stuck COMMANDS          ranks meet again and again; a thread of rank 1 does what the file COMMANDS says:
 *                           "blocked SECONDS" computes with every signal blocked, libc's own ones too;
 *                           "waiting SECONDS" sleeps in vfork() where no signal but SIGKILL reaches it; "end".
 *                           Prints "step i", "STUCK what" and "FREE what", and at the end PASS.
 *   stuck trace PID SECONDS  not in a job: holds the thread PID stopped as a debugger does. Prints "TRACED". */
#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *commands;
static volatile int ending = 0;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void compute_with_signals_blocked(int seconds) {
  unsigned long all = ~0UL, before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  for (const double end = now() + seconds; now() < end;) {
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
}

/* The child belongs to this process's parent: it is not ours to be saved. */
static void wait_for_a_child_that_borrows(int seconds) {
  const struct timespec pause = {seconds, 0};
  if (syscall(SYS_clone, CLONE_VFORK | CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) {
    syscall(SYS_nanosleep, &pause, NULL);
    syscall(SYS_exit_group, 0);
  }
}

static void *obey(void *unused) {
  char last[64] = "", line[64], what[64];
  (void)unused;
  while (!ending) {
    int seconds = 0;
    FILE *f = fopen(commands, "r");
    line[0] = '\0';
    if (f != NULL && fgets(line, sizeof line, f) == NULL) line[0] = '\0';
    if (f != NULL) fclose(f);
    if (line[0] == '\0' || strcmp(line, last) == 0) {
      usleep(50000);
      continue;
    }
    strcpy(last, line);
    if (sscanf(line, "%63s %d", what, &seconds) == 1) {
      ending = 1;
      break;
    }
    printf("STUCK %s\n", what);
    fflush(stdout);
    if (strcmp(what, "blocked") == 0)
      compute_with_signals_blocked(seconds);
    else
      wait_for_a_child_that_borrows(seconds);
    printf("FREE %s\n", what);
    fflush(stdout);
  }
  return NULL;
}

static int trace(pid_t pid, int seconds) {
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0) return 1;
  if (waitpid(pid, NULL, __WALL) != pid) return 1;
  printf("TRACED\n");
  fflush(stdout);
  sleep((unsigned)seconds);
  return ptrace(PTRACE_DETACH, pid, 0, 0) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  int rank, all_end = 0;
  if (argc == 4 && strcmp(argv[1], "trace") == 0) return trace(atoi(argv[2]), atoi(argv[3]));
  if (argc != 2) return 2;
  commands = argv[1];
  MPI_Init(&argc, &argv); /* a higher level makes Open MPI use cmpxchg16b, which the emulated processor lacks */
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  pthread_t thread;
  if (rank == 1 && pthread_create(&thread, NULL, obey, NULL) != 0) MPI_Abort(MPI_COMM_WORLD, 1);
  for (long step = 1; !all_end; ++step) {
    long sum = 0, mine = step * (rank + 1), end = ending;
    MPI_Allreduce(&mine, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    if (sum != 3 * step) {
      printf("FAIL step %ld: %ld\n", step, sum);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
    MPI_Bcast(&end, 1, MPI_LONG, 1, MPI_COMM_WORLD);
    all_end = (int)end;
    if (rank == 0) printf("step %ld\n", step);
    fflush(stdout);
    usleep(100000);
  }
  if (rank == 1) pthread_join(thread, NULL);
  if (rank == 0) printf("PASS\n");
  MPI_Finalize();
  return 0;
}
