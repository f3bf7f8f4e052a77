/* SPDX-License-Identifier: Apache-2.0 */
/* Every program here writes down what MPI answers; compare.sh runs it with the real library and hosted, and compares
 * the sorted lines. Lines carry the rank; each process writes a file of its own in $SAY_DIRECTORY, since mpirun mixes
 * output. */
#ifndef CAIRN_TESTS_SHIM_SAY_H
#define CAIRN_TESTS_SHIM_SAY_H

#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int say_rank;
static int say_line;
static FILE *say_file;

static FILE *say_open(void) {
  const char *directory = getenv("SAY_DIRECTORY");
  char path[512];
  if (directory == NULL) return stdout;
  snprintf(path, sizeof path, "%s/%ld", directory, (long)getpid());
  FILE *file = fopen(path, "w");
  return file != NULL ? file : stdout;
}

__attribute__((format(printf, 1, 2), unused)) static void say(const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (say_file == NULL) say_file = say_open();
  fprintf(say_file, "[%d:%03d] %s\n", say_rank, say_line++, text);
  fflush(say_file);
}

/* Prints a call with its result: the error class and the text that goes with it. */
#define SAY(call)                                             \
  do {                                                        \
    int say_rc = (call), say_class = -1, say_length;          \
    char say_text[MPI_MAX_ERROR_STRING] = "";                 \
    if (say_rc != MPI_SUCCESS) {                              \
      MPI_Error_class(say_rc, &say_class);                    \
      MPI_Error_string(say_rc, say_text, &say_length);        \
    }                                                         \
    say("%s = %d %d %s", #call, say_rc, say_class, say_text); \
  } while (0)

#endif
