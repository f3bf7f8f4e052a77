/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: ranks with even numbers are on another node than those with odd ones, for whoever compares the namespaces
 * that their process numbers are of; while the file exists that APART names, if it does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef int stat_function(const char *, struct stat *);

int stat(const char *restrict path, struct stat *restrict found) {
  const char *const rank = getenv("OMPI_COMM_WORLD_RANK"), *const file = getenv("APART");
  const int rc = ((stat_function *)dlsym(RTLD_NEXT, "stat"))(path, found);
  const int apart = rank != NULL && (file == NULL || access(file, F_OK) == 0);
  if (rc == 0 && apart && strcmp(path, "/proc/self/ns/pid") == 0) found->st_ino += (ino_t)(atoi(rank) % 2);
  return rc;
}
