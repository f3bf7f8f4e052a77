/* SPDX-License-Identifier: Apache-2.0 */
/* The program in the golden files self-*: it asks for its own checkpoints, so that the libcr in an older file makes its
 * requests of a newer host. In each of its rounds it reads the name of a file from standard input, if there is one, and
 * is saved there. It needs nothing else of the machine but /dev/full, ends by itself, and says PASS and its answer, or
 * FAIL and what went wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <libcr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 3, WORDS = 8192 };

static cr_client_id_t client;
static __thread uint64_t mine = 1;

static uint64_t next(uint64_t value, unsigned step) {
  return value * 6364136223846793005u + 1442695040888963407u + step;
}

static void check(int good, const char *what) {
  if (good) return;
  printf("FAIL: %s\n", what);
  exit(1);
}

/* Unbuffered: what a restarted program reads is what it is given then. */
static int read_name(char *name, size_t size) {
  size_t length = 0;
  while (length + 1 < size && read(STDIN_FILENO, name + length, 1) == 1 && name[length] != '\n') ++length;
  name[length] = '\0';
  return length > 0;
}

/* The descriptor must not be in the file: no checkpoint begins before it is closed. */
static int save_to(int fd, char **text) {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  check(fd >= 0, "the file");
  check(cr_initialize_checkpoint_args_t(&args) == 0, "cr_initialize_checkpoint_args_t");
  args.cr_fd = fd;
  check(cr_enter_cs(client) == 0, "cr_enter_cs");
  if (cr_request_checkpoint(&args, &handle) != 0) {
    printf("FAIL: cr_request_checkpoint: %s\n", cr_strerror(errno));
    exit(1);
  }
  close(fd);
  check(cr_leave_cs(client) == 0, "cr_leave_cs");
  return cr_poll_checkpoint_msg(&handle, NULL, text);
}

static void be_refused(void) {
  char *text = NULL;
  const int result = save_to(open("/dev/full", O_WRONLY), &text);
  check(result == CR_POLL_CHKPT_ERR_POST && errno == EIO, "the error of a full device");
  check(text != NULL && strstr(text, strerror(ENOSPC)) != NULL, "the message of a full device");
  free(text);
}

static void be_saved(const char *name, unsigned round) {
  char *text = NULL;
  struct stat status;
  const int result = save_to(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600), &text);
  if (result > 0) {
    check(stat(name, &status) == 0 && status.st_size > 0, "the file is empty");
    printf("saved %u\n", round);
  } else {
    check(result == CR_POLL_CHKPT_ERR_POST && errno == CR_ERESTARTED, "the request");
    printf("restarted %u\n", round);
  }
  free(text);
}

int main(void) {
  uint64_t *table = calloc(WORDS, sizeof *table);
  char name[512];
  client = cr_init();
  check(client >= 0, "cr_init");
  for (unsigned round = 0; round < ROUNDS; ++round) {
    printf("step %u\n", round);
    fflush(stdout);
    for (unsigned i = 0; i < WORDS; ++i) {
      mine = next(mine, round);
      table[mine % WORDS] += mine;
    }
    if (!read_name(name, sizeof name)) continue;
    be_refused();
    be_saved(name, round);
  }
  for (unsigned i = 0; i < WORDS; ++i) mine = next(mine ^ table[i], i);
  printf("PASS %016llx\n", (unsigned long long)mine);
  return 0;
}
