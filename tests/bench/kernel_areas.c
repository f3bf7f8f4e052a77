// SPDX-License-Identifier: Apache-2.0
// kernel_areas PAIRS PAGES: what the kernel alone takes for as many mappings as many_areas has, in ms of processor
// time: making them, telling about them, copying the process. No checkpoint is faster than that.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const size_t kPage = 4096;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void need(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void read_all(const char *path) {
  static char block[1 << 16];
  const int fd = open(path, O_RDONLY);
  need(fd >= 0, path);
  while (read(fd, block, sizeof block) > 0) {
  }
  close(fd);
}

static void make(char *memory, long pairs, size_t length, int fd) {
  for (long i = 0; i < pairs; ++i, memory += 2 * length + kPage) {
    const int prot = PROT_READ | PROT_WRITE;
    need(mmap(memory, length, prot, MAP_PRIVATE | MAP_FIXED, fd, 0) != MAP_FAILED, "mmap");
    need(mmap(memory + length, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "mmap");
  }
}

int main(int argc, char **argv) {
  const long pairs = argc == 3 ? atol(argv[1]) : 0;
  const size_t length = argc == 3 ? (size_t)atol(argv[2]) * kPage : 0;
  if (pairs <= 0 || length == 0) return 2;
  const size_t all = (2 * length + kPage) * (size_t)pairs;
  const int fd = open("kernel_areas.page", O_RDWR | O_CREAT, 0600);
  need(fd >= 0 && ftruncate(fd, (off_t)length) == 0, "kernel_areas.page");
  char *memory = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  need(memory != MAP_FAILED, "mmap");
  double begin = now();
  make(memory, pairs, length, fd);
  printf("mmap %.1f\n", now() - begin);
  for (size_t at = 0; at < all; at += kPage) {
    if (at % (2 * length + kPage) < 2 * length) memory[at] = 1;
  }
  begin = now();
  read_all("/proc/self/maps");
  printf("maps %.1f\n", now() - begin);
  begin = now();
  read_all("/proc/self/smaps");
  printf("smaps %.1f\n", now() - begin);
  begin = now();
  const pid_t child = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  printf("fork %.1f\n", now() - begin);
  need(child > 0 && waitpid(child, NULL, __WALL) == child, "clone");
  return 0;
}
