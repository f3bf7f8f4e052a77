/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden snapshots of a tree: a process and its child work for a fixed number of steps, with a pipe
 * that holds what was written EARLY steps ago, a socket pair, shared memory, an event descriptor that is watched, and a
 * file without a name. It ends by itself and says PASS and its answer, or FAIL. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 60, PAUSE_US = 30000, EARLY = 3, SLOTS = 16 };

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  fflush(stdout);
  _exit(1);
}

static uint64_t mix(uint64_t a, uint64_t b) { return (a ^ (b + 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u; }

/* Answers what comes with what it and the shared memory make of it. */
static int work(int socket, const uint64_t *shared) {
  uint64_t all = 1, value;
  while (read(socket, &value, sizeof value) == sizeof value) {
    all = mix(all, value + shared[value % SLOTS]);
    if (write(socket, &all, sizeof all) != sizeof all) return 2;
  }
  return 7;
}

int main(void) {
  int pipes[2], sockets[2], status = 0;
  uint64_t *shared = mmap(NULL, SLOTS * sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  uint64_t answer = 1;
  check(shared != MAP_FAILED && pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0, "no channels");
  const int events = eventfd(0, EFD_NONBLOCK), watch = epoll_create1(0), nameless = memfd_create("golden", 0);
  struct epoll_event wanted = {.events = EPOLLIN, .data = {.u64 = 4711}}, seen;
  check(events >= 0 && nameless >= 0 && epoll_ctl(watch, EPOLL_CTL_ADD, events, &wanted) == 0, "no descriptors");
  const pid_t child = fork();
  if (child == 0) {
    close(sockets[0]);
    close(pipes[0]);
    close(pipes[1]);
    _exit(work(sockets[1], shared));
  }
  check(child > 0, "no child");
  close(sockets[1]);
  for (uint64_t step = 0; step < STEPS; ++step) {
    uint64_t value = step, early = 0, count = 0;
    shared[step % SLOTS] = mix(step, answer);
    check(write(pipes[1], &value, sizeof value) == sizeof value, "the pipe takes nothing");
    if (step >= EARLY) {
      check(read(pipes[0], &early, sizeof early) == sizeof early && early == step - EARLY,
            "the pipe has something else");
    }
    check(write(sockets[0], &value, sizeof value) == sizeof value &&
              read(sockets[0], &value, sizeof value) == sizeof value,
          "the child does not answer");
    check(epoll_wait(watch, &seen, 1, 0) == 0 && eventfd_write(events, step + 1) == 0, "an event before it is due");
    check(epoll_wait(watch, &seen, 1, 0) == 1 && seen.data.u64 == 4711, "no event");
    check(eventfd_read(events, &count) == 0 && count == step + 1, "another count");
    check(pwrite(nameless, &value, sizeof value, (off_t)(step * sizeof value)) == sizeof value,
          "the file is not written");
    answer = mix(answer, value + early);
    printf("step %u\n", (unsigned)step);
    fflush(stdout);
    usleep(PAUSE_US);
  }
  for (uint64_t step = 0, value; step < STEPS; ++step) {
    check(pread(nameless, &value, sizeof value, (off_t)(step * sizeof value)) == sizeof value, "the file is shorter");
    answer = mix(answer, value);
  }
  close(sockets[0]);
  check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7,
        "the child ended otherwise");
  printf("PASS %016llx\n", (unsigned long long)answer);
  return 0;
}
