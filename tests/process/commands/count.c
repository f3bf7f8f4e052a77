/* SPDX-License-Identifier: Apache-2.0 */
/* The simplest program: plain C, one thread. Counts, and checks that no step was lost or repeated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  unsigned long steps = 0, sum = 0;
  double value = 1.0;
  char *heap = malloc(1 << 20);
  memset(heap, 'x', 1 << 20);
  printf("READY\n");
  fflush(stdout);
  while (access(argv[1], F_OK) != 0) {
    ++steps;
    sum += steps;
    value = value * 1.0000001;
    heap[steps % (1 << 20)] = 'x';
  }
  double again = 1.0;
  for (unsigned long i = 0; i < steps; ++i) again = again * 1.0000001;
  int good = sum == steps * (steps + 1) / 2 && again == value && argc >= 2;
  for (int i = 0; i < 1 << 20; ++i) good &= heap[i] == 'x';
  printf("%s after %lu steps\n", good ? "PASS" : "FAIL", steps);
  return good ? 0 : 1;
}
