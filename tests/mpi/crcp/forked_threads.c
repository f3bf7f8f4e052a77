// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: threads come to MPI and end without a pause, while another one forks children whose only thread
// ends like a thread: each child ends, and what it says is right. Prints PASS.
#include <mpi.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 3, kChildren = 300, kSeconds = 20 };

static atomic_int stopping;

static void* come(void* unused) {
  int flag;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
  return unused;
}

static void* begin_others(void* unused) {
  while (!stopping) {
    pthread_t other;
    pthread_create(&other, NULL, come, NULL);
    pthread_join(other, NULL);
  }
  return unused;
}

static void quit(int number) {
  (void)number;
  _exit(9);
}

static void* fork_one(void* result) {
  int flag, status = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGALRM, quit);
    alarm(kSeconds);
    pthread_exit(NULL);
  }
  waitpid(child, &status, 0);
  *(int*)result = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return NULL;
}

int main(int argc, char** argv) {
  int provided, right = 1;
  pthread_t others[kThreads], forker;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  for (int i = 0; i < kThreads; ++i) pthread_create(&others[i], NULL, begin_others, NULL);
  for (int i = 0; i < kChildren && right; ++i) {
    pthread_create(&forker, NULL, fork_one, &right);
    pthread_join(forker, NULL);
  }
  stopping = 1;
  for (int i = 0; i < kThreads; ++i) pthread_join(others[i], NULL);
  MPI_Finalize();
  puts(right ? "PASS" : "FAIL a child does not end");
  return !right;
}
