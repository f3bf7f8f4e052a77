// SPDX-License-Identifier: Apache-2.0
// many_areas N PATTERN: N pairs of pages with content, "together" in one mapping, or "apart": each page a mapping of
// its own, by turns of a file and of none. Prints "ready" and waits for SIGUSR1.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t kPage = 4096;

static void end(int number) {
  (void)number;
  _exit(0);
}

static char *map(char *at, size_t length, int prot, int flags, int fd) {
  char *memory = mmap(at, length, prot, MAP_PRIVATE | flags, fd, 0);
  if (memory != MAP_FAILED) return memory;
  perror("mmap");
  exit(1);
}

static void fill_apart(char *memory, long pairs) {
  const int fd = open("many_areas.page", O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)kPage) != 0) {
    perror("many_areas.page");
    exit(1);
  }
  for (long i = 0; i < pairs; ++i, memory += 3 * kPage) {
    *map(memory, kPage, PROT_READ | PROT_WRITE, MAP_FIXED, fd) = 1;
    *map(memory + kPage, kPage, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_ANONYMOUS, -1) = 2;
  }
  close(fd);
}

int main(int argc, char **argv) {
  const long pairs = argc == 3 ? atol(argv[1]) : 0;
  if (pairs <= 0) return 2;
  const int apart = strcmp(argv[2], "apart") == 0;
  char *memory = map(NULL, 3 * kPage * (size_t)pairs, apart ? PROT_NONE : PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1);
  signal(SIGUSR1, end);
  if (apart) fill_apart(memory, pairs);
  for (long i = 0; !apart && i < 2 * pairs; ++i) memory[(size_t)i * kPage] = 1;
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
