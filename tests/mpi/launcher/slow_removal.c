// SPDX-License-Identifier: Apache-2.0
// Preloaded into mpirun: a file system on which removing a context file takes as long as the file $SLOW_REMOVAL exists.
// Makes $SLOW_REMOVAL.begun when it comes to that. Any thread.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int unlinkat(int directory, const char *name, int flags) {
  int (*real)(int, const char *, int) = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
  const char *slow = getenv("SLOW_REMOVAL");
  if (slow != NULL && strncmp(name, "rank_", 5) == 0) {
    char begun[4096];
    snprintf(begun, sizeof begun, "%s.begun", slow);
    close(open(begun, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (access(slow, F_OK) == 0) usleep(10000);
  }
  return real(directory, name, flags);
}
