/* SPDX-License-Identifier: Apache-2.0 */
/* What the example programs share: "--name value" options and pacing. Usable from C and C++. Not thread safe
 * only in as far as stderr is shared. */
#ifndef CAIRN_EXAMPLES_EXAMPLE_OPTIONS_H
#define CAIRN_EXAMPLES_EXAMPLE_OPTIONS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The text after `--name`, or `fallback`. Borrowed from argv. */
static inline const char *option_text(int argc, char **argv, const char *name, const char *fallback) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  return fallback;
}

/* The number after `--name`, or `fallback`; ends the program with 2 if it is none or below `least`. */
static inline double option_number(int argc, char **argv, const char *name, double fallback, double least) {
  const char *text = option_text(argc, argv, name, NULL);
  if (text == NULL) return fallback;
  char *end = NULL;
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || value < least) {
    fprintf(stderr, "%s: %s wants a number of at least %g, not '%s'\n", argv[0], name, least, text);
    exit(2);
  }
  return value;
}

/* Ends the program with 2 if an argument is not one of the blank-separated `known` options, or lacks its value. */
static inline void check_options(int argc, char **argv, const char *known) {
  for (int i = 1; i < argc; i += 2) {
    const char *at = strncmp(argv[i], "--", 2) == 0 ? strstr(known, argv[i]) : NULL;
    const size_t length = strlen(argv[i]);
    const int ok = at != NULL && (at[length] == ' ' || at[length] == '\0') && i + 1 < argc;
    if (ok) continue;
    fprintf(stderr, "%s: unknown option or missing value: %s\noptions, each with a value: %s\n", argv[0], argv[i],
            known);
    exit(2);
  }
}

/* Sleeps `seconds`, all of them: a signal only interrupts, it does not shorten. */
static inline void pace(double seconds) {
  if (seconds <= 0) return;
  struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
}

#endif
