// SPDX-License-Identifier: Apache-2.0
// many_areas N PATTERN PAGES: N pairs of PAGES pages with content, "together" in one mapping, or "apart": each a
// mapping of its own, by turns of a file and of none, and a guard page behind a pair. Prints "ready" and waits for
// SIGUSR1.
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

static void touch(char *memory, size_t length) {
  for (size_t at = 0; at < length; at += kPage) memory[at] = 1;
}

static void fill_apart(char *memory, long pairs, size_t length) {
  const int fd = open("many_areas.page", O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)length) != 0) {
    perror("many_areas.page");
    exit(1);
  }
  for (long i = 0; i < pairs; ++i, memory += 2 * length + kPage) {
    touch(map(memory, length, PROT_READ | PROT_WRITE, MAP_FIXED, fd), length);
    touch(map(memory + length, length, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_ANONYMOUS, -1), length);
  }
  close(fd);
}

int main(int argc, char **argv) {
  const long pairs = argc == 4 ? atol(argv[1]) : 0;
  const size_t length = argc == 4 ? (size_t)atol(argv[3]) * kPage : 0;
  if (pairs <= 0 || length == 0) return 2;
  const int apart = strcmp(argv[2], "apart") == 0;
  const size_t all = (2 * length + kPage) * (size_t)pairs;
  char *memory = map(NULL, all, apart ? PROT_NONE : PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1);
  signal(SIGUSR1, end);
  if (apart) fill_apart(memory, pairs, length);
  if (!apart) touch(memory, 2 * length * (size_t)pairs);
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
