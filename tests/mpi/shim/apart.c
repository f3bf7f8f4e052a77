/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: ranks with even numbers are on another node than those with odd ones, for whoever compares the namespaces
 * that their process numbers are of; while the file exists that APART names, if it does. With APART_BY=host those on
 * hosts of other names are: network namespaces are no nodes else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

typedef int stat_function(const char *, struct stat *);

static ino_t node_of(const char *rank) {
  struct utsname host;
  const char *const by = getenv("APART_BY");
  ino_t sum = 0;
  if (by == NULL || strcmp(by, "host") != 0) return (ino_t)(atoi(rank) % 2);
  if (uname(&host) == 0)
    for (const char *at = host.nodename; *at != '\0'; at++) sum = sum * 31 + (unsigned char)*at;
  return sum;
}

int stat(const char *restrict path, struct stat *restrict found) {
  const char *const rank = getenv("OMPI_COMM_WORLD_RANK"), *const file = getenv("APART");
  const int rc = ((stat_function *)dlsym(RTLD_NEXT, "stat"))(path, found);
  const int apart = rank != NULL && (file == NULL || access(file, F_OK) == 0);
  if (rc == 0 && apart && strcmp(path, "/proc/self/ns/pid") == 0) found->st_ino += node_of(rank);
  return rc;
}
