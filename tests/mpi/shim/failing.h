/* SPDX-License-Identifier: Apache-2.0 */
/* What calls that fail leave in their outputs: these are preset, and each line says what has become of them. */
#ifndef CAIRN_TESTS_SHIM_FAILING_H
#define CAIRN_TESTS_SHIM_FAILING_H

#include "say.h"

static char preset[1]; /* an address that no handle has */

static const char *state(const void *out, const void *null) {
  const void *value;
  memcpy(&value, out, sizeof value);
  return value == preset ? "untouched" : value == null ? "the null handle" : value == NULL ? "zero" : "something else";
}

static int class_of(int code) {
  int class = -1;
  MPI_Error_class(code, &class);
  return class;
}

/* A call, the handle that it would make, and what its null is. */
#define MAKES(call, out, null)                                                                     \
  do {                                                                                             \
    void *makes_address = preset;                                                                  \
    memcpy(&(out), &makes_address, sizeof makes_address);                                          \
    const int makes_code = class_of(call);                                                         \
    say("%s: class %d, the output is %s", #call, makes_code, state(&(out), (const void *)(null))); \
  } while (0)
/* A call that fills in the number n. */
#define COUNTS(call)                                              \
  do {                                                            \
    n = -4242;                                                    \
    const int counts_code = class_of(call);                       \
    say("%s: class %d, the output is %d", #call, counts_code, n); \
  } while (0)

static int one[4] = {1, 1, 1, 1}, many[2] = {5, 5}, far[2] = {77, 77}, negative[2] = {-1, -1}, n, data[8];

static MPI_Request request;

static void begin(int *argc, char ***argv) {
  MPI_Init(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &say_rank);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
}

#endif
