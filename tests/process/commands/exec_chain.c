// SPDX-License-Identifier: Apache-2.0
// exec_chain N OTHER: executes itself N times, after a moment each, with so much to copy that it takes a while; then
// OTHER, this program linked statically, with no N: that prints PASS.
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kTexts = 14 };
static char text[100000];

static void a_moment(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  usleep((useconds_t)(40000 + now.tv_nsec % 40000));
}

int main(int argc, char **argv) {
  const int left = argc > 2 ? atoi(argv[1]) : -1;
  char number[20];
  if (left < 0) return puts("PASS") < 0;
  a_moment();
  memset(text, 'x', sizeof text - 1);
  snprintf(number, sizeof number, "%d", left - 1);
  char *words[3 + kTexts + 1] = {left > 0 ? argv[0] : argv[2], number, argv[2]};
  for (int i = 0; i < kTexts; ++i) words[3 + i] = text;
  execv(words[0], words);
  perror("execv");
  return 1;
}
