/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to make a window, on communicators of one and of all processes, with and without memory: whether it can be
 * made, its attributes, and that puts arrive in the memory that was given out. */
#include "say.h"

static void attributes(MPI_Win win, void *memory, long size) {
  void *base;
  MPI_Aint *bytes;
  int *unit, *flavor, *model, flags[5];
  MPI_Win_get_attr(win, MPI_WIN_BASE, &base, &flags[0]);
  MPI_Win_get_attr(win, MPI_WIN_SIZE, &bytes, &flags[1]);
  MPI_Win_get_attr(win, MPI_WIN_DISP_UNIT, &unit, &flags[2]);
  MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &flavor, &flags[3]);
  MPI_Win_get_attr(win, MPI_WIN_MODEL, &model, &flags[4]);
  say("there %d %d %d %d %d: null %d size %ld unit %d flavor %d model %d", flags[0], flags[1], flags[2], flags[3],
      flags[4], base == NULL, (long)*bytes, *unit, *flavor, *model);
  if (size > 0) say("base is the memory %d", base == memory);
}

static void use(MPI_Win win, MPI_Comm comm, char *memory) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  char value = (char)(1 + rank);
  memory[0] = 0;
  MPI_Win_fence(0, win);
  MPI_Put(&value, 1, MPI_CHAR, (rank + 1) % size, 0, 1, MPI_CHAR, win);
  MPI_Win_fence(0, win);
  say("arrived %d", memory[0]);
}

static void show(const char *what, int rc, MPI_Win *win, MPI_Comm comm, void *memory, long size) {
  char text[MPI_MAX_ERROR_STRING] = "";
  int length;
  if (rc != MPI_SUCCESS) MPI_Error_string(rc, text, &length);
  say("%s of %ld: %s", what, size, rc == MPI_SUCCESS ? "made" : text);
  if (rc != MPI_SUCCESS) return;
  attributes(*win, memory, size);
  if (size > 0) use(*win, comm, memory);
  MPI_Win_free(win);
}

static void kinds(MPI_Comm comm, long size) {
  static char own[256];
  char *memory = own;
  MPI_Win win;
  int rc, ranks;
  MPI_Comm_size(comm, &ranks);
  /* Not every library can make these of one process; the shim can. */
  if (ranks > 1) {
    rc = MPI_Win_create(own, size, 1, MPI_INFO_NULL, comm, &win);
    show("create", rc, &win, comm, memory, size);
    rc = MPI_Win_create_dynamic(MPI_INFO_NULL, comm, &win);
    show("dynamic", rc, &win, comm, NULL, 0);
  }
  rc = MPI_Win_allocate(size, 1, MPI_INFO_NULL, comm, &memory, &win);
  show("allocate", rc, &win, comm, memory, size);
  rc = MPI_Win_allocate(2 * size, 2, MPI_INFO_NULL, comm, &memory, &win);
  show("allocate in twos", rc, &win, comm, memory, 2 * size);
  rc = MPI_Win_allocate_shared(size, 1, MPI_INFO_NULL, comm, &memory, &win);
  if (rc == MPI_SUCCESS) {
    int unit;
    for (int i = 0; i < ranks; i++) {
      MPI_Aint bytes;
      char *theirs;
      SAY(MPI_Win_shared_query(win, i, &bytes, &unit, &theirs));
      say("shared by %d: %ld bytes, unit %d", i, (long)bytes, unit);
    }
  }
  show("shared", rc, &win, comm, memory, size);
}

int main(int argc, char **argv) {
  MPI_Win win;
  char *memory;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm comms[2] = {MPI_COMM_SELF, MPI_COMM_WORLD};
  for (int i = 0; i < 2; i++) {
    MPI_Comm_set_errhandler(comms[i], MPI_ERRORS_RETURN);
    kinds(comms[i], 256);
    kinds(comms[i], 0);
    SAY(MPI_Win_allocate(-1, 1, MPI_INFO_NULL, comms[i], &memory, &win));
    SAY(MPI_Win_allocate(8, 0, MPI_INFO_NULL, comms[i], &memory, &win));
    SAY(MPI_Win_allocate_shared(-1, 1, MPI_INFO_NULL, comms[i], &memory, &win));
    SAY(MPI_Win_create(&memory, -1, 1, MPI_INFO_NULL, comms[i], &win));
  }
  MPI_Finalize();
  return 0;
}
