/* SPDX-License-Identifier: Apache-2.0 */
/* A statically linked program: it cannot be hosted, and has to run all the same. */
#include <stdio.h>

int main(int argc, char **argv) {
  printf("static %s %s\n", argv[0], argc > 1 ? argv[1] : "");
  return 7;
}
