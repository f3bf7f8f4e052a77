/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden snapshots of a job with children: each of two ranks keeps a helper, this program again,
 * that it asks over pipes at every step. It ends by itself and says PASS and its answer, or FAIL. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 60, PAUSE_US = 30000 };

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  fflush(stdout);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static int help(void) {
  uint64_t all = 1, value;
  while (read(STDIN_FILENO, &value, sizeof value) == sizeof value) {
    all = all * 31 + value;
    if (write(STDOUT_FILENO, &all, sizeof all) != sizeof all) return 2;
  }
  return 5;
}

static pid_t start_helper(int *asking, int *answers) {
  int there[2], back[2];
  check(pipe(there) == 0 && pipe(back) == 0, "no pipes");
  const pid_t helper = fork();
  if (helper == 0) {
    dup2(there[0], STDIN_FILENO);
    dup2(back[1], STDOUT_FILENO);
    const int ends[] = {there[0], there[1], back[0], back[1]};
    for (int i = 0; i < 4; ++i) close(ends[i]);
    execl("/proc/self/exe", "family", "helper", (char *)NULL);
    _exit(3);
  }
  close(there[0]);
  close(back[1]);
  *asking = there[1];
  *answers = back[0];
  return helper;
}

int main(int argc, char **argv) {
  int rank, size, asking, answers, status = 0;
  uint64_t all = 1, value;
  if (argc == 2 && strcmp(argv[1], "helper") == 0) return help();
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  check(size == 2, "this needs two ranks");
  const pid_t helper = start_helper(&asking, &answers);
  for (unsigned step = 0; step < STEPS; ++step) {
    value = all + (unsigned)rank * 1000 + step;
    check(write(asking, &value, sizeof value) == sizeof value && read(answers, &value, sizeof value) == sizeof value,
          "the helper does not answer");
    MPI_Allreduce(&value, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) printf("step %u\n", step);
    fflush(stdout);
    usleep(PAUSE_US);
  }
  close(asking);
  check(waitpid(helper, &status, 0) == helper && WIFEXITED(status) && WEXITSTATUS(status) == 5,
        "the helper ended otherwise");
  if (rank == 0) printf("PASS %016llx\n", (unsigned long long)all);
  MPI_Finalize();
  return 0;
}
