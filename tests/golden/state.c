/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden files of the kinds of state that came after process.c: signals that are its own or its
 * starter's, settings, a policy of memory, timers, clocks, status flags at standard output, a file that it has open. It
 * needs nothing but the file "data" in its directory, ends by itself, and says PASS and its answer, or FAIL and what
 * was not as it was left.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 100, PAUSE_US = 20000, PAGE = 4096, WORK_MS = 500 };

static timer_t timer;
static char *placed;
static int data;
static int64_t last_moment;

static uint64_t next(uint64_t value, unsigned step) {
  return value * 6364136223846793005u + 1442695040888963407u + step;
}

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  exit(1);
}

static int64_t now(clockid_t clock) {
  struct timespec t;
  check(clock_gettime(clock, &t) == 0, "a clock");
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void dump_filter(char text[16]) {
  FILE *file = fopen("/proc/self/coredump_filter", "r");
  check(file != NULL && fgets(text, 16, file) != NULL, "what is in core dumps");
  fclose(file);
}

static void set_up(void) {
  struct sigevent event = {.sigev_notify = SIGEV_NONE};
  const struct itimerspec hour = {.it_value = {.tv_sec = 3600}};
  signal(SIGHUP, SIG_IGN);
  FILE *filter = fopen("/proc/self/coredump_filter", "w");
  check(filter != NULL && fputs("0x7f", filter) >= 0 && fclose(filter) == 0, "what is in core dumps");
  const unsigned long node = 1;
  placed = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  syscall(SYS_mbind, placed, PAGE, MPOL_PREFERRED, &node, 64, 0);
  check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &hour, NULL) == 0, "the timer");
  check(fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_APPEND) == 0, "a status flag");
  data = open("data", O_RDONLY);
  check(data >= 0 && lseek(data, 3, SEEK_SET) == 3, "the file");
  while (now(CLOCK_PROCESS_CPUTIME_ID) < WORK_MS * 1000000) continue;
}

static void check_state(void) {
  char text[16] = "";
  struct sigaction action;
  struct itimerspec left;
  sigaction(SIGHUP, NULL, &action);
  check(action.sa_handler == SIG_IGN, "a signal that it ignores");
  dump_filter(text);
  check(strcmp(text, "0000007f\n") == 0, "what is in core dumps");
  timer_gettime(timer, &left);
  check(left.it_value.tv_sec > 3400 && left.it_value.tv_sec < 3600, "the timer");
  check((fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND) != 0, "a status flag");
  check(read(data, text, sizeof text) == 4 && memcmp(text, "3456", 4) == 0, "the file");
  check(now(CLOCK_PROCESS_CPUTIME_ID) >= WORK_MS * 1000000, "processor time");
}

int main(void) {
  uint64_t mine = 1;
  set_up();
  for (unsigned step = 0; step < STEPS; ++step) {
    const int64_t moment = now(CLOCK_MONOTONIC);
    check(moment > last_moment, "the monotonic clock");
    last_moment = moment;
    mine = next(mine, step);
    placed[step] = (char)mine;
    printf("step %u\n", step);
    fflush(stdout);
    usleep(PAUSE_US);
  }
  check_state();
  for (unsigned i = 0; i < STEPS; ++i) mine = next(mine ^ (unsigned char)placed[i], i);
  printf("PASS %016llx\n", (unsigned long long)mine);
  return 0;
}
