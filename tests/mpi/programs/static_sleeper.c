/* SPDX-License-Identifier: Apache-2.0 */
/* Linked statically: a child that no host can have, and so none that can be saved. Sleeps while it has its parent. */
#include <unistd.h>

int main(void) {
  while (getppid() != 1) sleep(1);
  return 0;
}
