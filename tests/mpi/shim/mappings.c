/* SPDX-License-Identifier: Apache-2.0 */
/* mappings DIRECTORY, hosted: while the library has files, windows and shared memory open, and afterwards, nothing that
 * the host has mapped may lie in the arena, and no hole may be open above it: there are only files there that the
 * program's own loader knows, and no shared memory. */
// clang-format off
#include <link.h>
#include <mpi.h>
// clang-format on
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/abi/layout.h"

static int rank, strangers;

static int knows(struct dl_phdr_info *info, size_t size, void *path) {
  char real[PATH_MAX];
  return info->dlpi_name[0] != '\0' && realpath(info->dlpi_name, real) != NULL && strcmp(real, path) == 0;
}

static int is_program(const char *path) {
  char real[PATH_MAX];
  return realpath("/proc/self/exe", real) != NULL && strcmp(real, path) == 0;
}

/* Looks at all mappings; the number of holes above the arena. */
static int look(const char *when) {
  char line[PATH_MAX + 200], path[PATH_MAX], permissions[5];
  unsigned long start, end, before = 0;
  int holes = 0;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps) != NULL) {
    path[0] = '\0';
    sscanf(line, "%lx-%lx %4s %*s %*s %*s %[^\n]", &start, &end, permissions, path);
    if (start > CAIRN_ARENA_TOP && start != before) holes++;
    before = end;
    if (start >= CAIRN_FIXED_BASE) continue;
    const int own_file = path[0] != '/' || is_program(path) || dl_iterate_phdr(knows, path) != 0;
    if (own_file && permissions[3] != 's') continue;
    if (strncmp(path, "/memfd:cairn-window", 19) == 0) continue; /* the program's own part of a window */
    strangers++;
    printf("mappings: rank %d, %s: not the program's: %s", rank, when, line);
  }
  fclose(maps);
  return holes;
}

static void use_library(const char *directory) {
  char path[PATH_MAX];
  MPI_File first, second;
  MPI_Win window, shared;
  MPI_Comm dup;
  void *memory;
  snprintf(path, sizeof path, "%s/mappings.data", directory);
  MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &first);
  MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &second);
  MPI_File_write_shared(first, &rank, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_Win_allocate(1 << 20, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &window);
  MPI_Win_allocate_shared(1 << 20, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &shared);
  MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  look("in use");
  MPI_Comm_free(&dup);
  MPI_Win_free(&shared);
  MPI_Win_free(&window);
  MPI_File_close(&second);
  MPI_File_close(&first);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const int holes = look("begun");
  for (int i = 0; i < 5; i++) use_library(argv[1]);
  const int holes_left = look("done");
  if (holes_left != holes) printf("mappings: rank %d: %d holes above the arena, then %d\n", rank, holes, holes_left);
  MPI_Finalize();
  if (strangers == 0 && holes == holes_left && rank == 0) printf("mappings: ok\n");
  return strangers != 0 || holes != holes_left;
}
