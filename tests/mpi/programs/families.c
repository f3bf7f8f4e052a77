/* SPDX-License-Identifier: Apache-2.0 */
/* Every rank has children, and each step talks to all of them: a Python helper behind two pipes that keeps a sum, a
 * counting script behind popen("r"), an adding one behind popen("w"), and a copy of the rank itself that fork made,
 * with which it shares anonymous memory. All that they say is compared with what the rank knows, and the ranks add it
 * up. families STEPS KINDS KINDS: letters of helper, reader, writer, copy, dead (a child that has ended, waited for at
 * the end only) and stranger (the program that the third word names, of which nothing is asked); Stranger: of rank 1
 * alone. Prints "step i/STEPS" and PASS. */
#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char kHelper[] =
    "import sys\n"
    "sum = 0\n"
    "for line in sys.stdin:\n"
    "    sum += int(line)\n"
    "    print(sum, flush=True)\n"
    "sys.exit(sum % 50 + 1)\n";
static const char kCounter[] = "i=0; while echo $i; do i=$((i+1)); done 2>/dev/null";
static const char kAdder[] = "s=0; while read n; do s=$((s+n)); done; exit $((s % 50 + 1))";

struct shared {
  volatile uint32_t asked, answered;
  volatile uint64_t value;
};

static int rank;

static void fail(int step, const char *what, long got, long wanted) {
  printf("FAIL rank %d step %d: %s: %ld, not %ld\n", rank, step, what, got, wanted);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static pid_t start_helper(FILE **to, FILE **from) {
  int down[2], up[2];
  if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) fail(0, "pipe", -1, 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(down[0], 0);
    dup2(up[1], 1);
    execlp("python3", "python3", "-c", kHelper, (char *)NULL);
    _exit(127);
  }
  close(down[0]), close(up[1]);
  *to = fdopen(down[1], "w");
  *from = fdopen(up[0], "r");
  return pid;
}

/* Doubles what it finds, until it finds nothing. */
static pid_t start_copy(struct shared *shared) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  for (uint32_t n = 1;; ++n) {
    while (shared->asked != n) {
      if (getppid() == 1) _exit(8); /* the job has been killed */
      usleep(200);
    }
    if (shared->value == 0) _exit(7);
    shared->value *= 2;
    __sync_synchronize();
    shared->answered = n;
  }
}

static uint64_t ask_copy(struct shared *shared, uint64_t value) {
  const uint32_t n = shared->asked + 1;
  shared->value = value;
  __sync_synchronize();
  shared->asked = n;
  while (value != 0 && shared->answered != n) usleep(200);
  return shared->value;
}

static void expect_end(pid_t pid, int status, const char *what) {
  int got = 0;
  if (waitpid(pid, &got, 0) != pid || !WIFEXITED(got) || WEXITSTATUS(got) != status) fail(-1, what, got, status << 8);
}

int main(int argc, char **argv) {
  const int steps = argc > 1 ? atoi(argv[1]) : 100;
  const char *kinds = argc > 2 ? argv[2] : "hrwc";
  FILE *to = NULL, *from = NULL, *counter = NULL, *adder = NULL;
  pid_t helper = 0, copy = 0, dead = 0;
  long sum = 0, added = 0, line = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  signal(SIGPIPE, SIG_IGN);
  struct shared *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (strchr(kinds, 'c')) copy = start_copy(shared);
  if (strchr(kinds, 'h')) helper = start_helper(&to, &from);
  if (strchr(kinds, 'r')) counter = popen(kCounter, "r");
  if (strchr(kinds, 'w')) adder = popen(kAdder, "w");
  if (strchr(kinds, 'd') && (dead = fork()) == 0) _exit(21);
  if ((strchr(kinds, 's') || (strchr(kinds, 'S') && rank == 1)) && fork() == 0) {
    execl(argv[3], argv[3], (char *)NULL);
    _exit(127);
  }
  for (int step = 1; step <= steps; ++step) {
    long said = 0, mine = 0, all = 0, of_all = 0;
    const long value = step * 3 + rank;
    sum += value;
    if (helper) {
      fprintf(to, "%ld\n", value);
      fflush(to);
      if (fscanf(from, "%ld", &said) != 1) {
        int status = -1;
        waitpid(helper, &status, 0);
        fail(step, "the helper has ended, with status", status, -1);
      }
      if (said != sum) fail(step, "the helper's sum", said, sum);
    }
    if (counter) {
      if (fscanf(counter, "%ld", &said) != 1 || said != line) fail(step, "the counter's line", said, line);
      ++line;
    }
    if (adder) {
      fprintf(adder, "%ld\n", value);
      fflush(adder);
      added += value;
    }
    if (copy) {
      said = (long)ask_copy(shared, (uint64_t)value);
      if (said != 2 * value) fail(step, "the copy's double", said, 2 * value);
    }
    mine = sum;
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Allreduce(&mine, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    for (int r = 0; r < size; ++r) of_all += 3L * step * (step + 1) / 2 + (long)step * r;
    if (all != of_all) fail(step, "the sum of all", all, of_all);
    if (rank == 0) {
      printf("step %d/%d\n", step, steps);
      fflush(stdout);
    }
    usleep(20000);
  }
  if (helper) {
    fclose(to);
    expect_end(helper, (int)(sum % 50) + 1, "the helper's end");
  }
  if (counter) pclose(counter);
  if (adder && pclose(adder) != ((int)(added % 50) + 1) << 8) fail(-1, "the adder's end", 0, added % 50 + 1);
  if (copy) {
    ask_copy(shared, 0);
    expect_end(copy, 7, "the copy's end");
  }
  if (dead) expect_end(dead, 21, "the end of the dead");
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("PASS families\n");
  MPI_Finalize();
  return 0;
}
