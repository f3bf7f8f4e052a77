// SPDX-License-Identifier: Apache-2.0
// To be preloaded: the process can start as many threads as the variable TEST_THREADS says, and no more, as where a
// limit of the user or of the control group is reached. Its children do not know of it.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static int left;

__attribute__((constructor)) static void begin(void) {
  left = atoi(getenv("TEST_THREADS"));
  unsetenv("LD_PRELOAD");
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (left-- <= 0) return EAGAIN;
  *(void**)&real = dlsym(RTLD_NEXT, "pthread_create");
  return real(thread, attributes, body, argument);
}
