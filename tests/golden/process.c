/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden context files: two threads that work in turns for a fixed number of steps. It needs nothing
 * of the machine but /dev/null, ends by itself, and says PASS and its answer, or FAIL and what was not as it was left.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { STEPS = 100, PAUSE_US = 20000, WORDS = 8192, DESCRIPTOR = 57, QUEUED = 4711 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static unsigned asked, answered;
static __thread uint64_t mine = 1; /* each thread has its own */
static uint64_t theirs;            /* the second thread's, at its end */
static volatile sig_atomic_t caught;

static void on_signal(int number) { caught += number == SIGUSR1; }

static uint64_t next(uint64_t value, unsigned step) {
  return value * 6364136223846793005u + 1442695040888963407u + step;
}

static void *second(void *unused) {
  (void)unused;
  pthread_mutex_lock(&lock);
  while (answered < STEPS) {
    while (asked == answered) pthread_cond_wait(&turn, &lock);
    mine = next(mine, answered++);
    pthread_cond_broadcast(&turn);
  }
  theirs = mine;
  pthread_mutex_unlock(&lock);
  return NULL;
}

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  exit(1);
}

static void set_up(void) {
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = QUEUED});
  const struct itimerval hour = {.it_value = {.tv_sec = 3600}};
  setitimer(ITIMER_REAL, &hour, NULL);
  const int fd = open("/dev/null", O_RDONLY);
  dup3(fd, DESCRIPTOR, O_CLOEXEC);
  close(fd);
  umask(027);
  prctl(PR_SET_NAME, "golden");
}

static void check_state(void) {
  char name[16], directory[16];
  struct itimerval left;
  siginfo_t info;
  sigset_t queued;
  check(caught == STEPS, "signals are missing");
  sigemptyset(&queued);
  sigaddset(&queued, SIGRTMIN);
  check(sigwaitinfo(&queued, &info) == SIGRTMIN && info.si_value.sival_int == QUEUED, "the queued signal");
  getitimer(ITIMER_REAL, &left);
  check(left.it_value.tv_sec > 3400 && left.it_value.tv_sec < 3600, "the interval timer");
  check(fcntl(DESCRIPTOR, F_GETFD) == FD_CLOEXEC && read(DESCRIPTOR, name, 1) == 0, "the descriptor");
  check(umask(0) == 027, "the mask of new files");
  prctl(PR_GET_NAME, name);
  check(strcmp(name, "golden") == 0, "the thread's name");
  check(getcwd(directory, sizeof directory) != NULL && strcmp(directory, "/") == 0, "the directory");
}

int main(void) {
  uint64_t *table = calloc(WORDS, sizeof *table);
  pthread_t thread;
  set_up();
  pthread_create(&thread, NULL, second, NULL);
  for (unsigned step = 0; step < STEPS; ++step) {
    pthread_mutex_lock(&lock);
    ++asked;
    pthread_cond_broadcast(&turn);
    while (answered < asked) pthread_cond_wait(&turn, &lock);
    pthread_mutex_unlock(&lock);
    mine = next(mine, step);
    table[mine % WORDS] += mine;
    raise(SIGUSR1);
    printf("step %u\n", step);
    fflush(stdout);
    usleep(PAUSE_US);
  }
  pthread_join(thread, NULL);
  check(theirs == mine, "the threads do not agree");
  check_state();
  for (unsigned i = 0; i < WORDS; ++i) mine = next(mine ^ table[i], i);
  printf("PASS %016llx\n", (unsigned long long)mine);
  return 0;
}
