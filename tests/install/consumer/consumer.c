/* SPDX-License-Identifier: Apache-2.0 */
/* Registers a callback and asks for a checkpoint of itself, if it runs under a host.
 * Prints "unhosted", or "continued" and after a restart from the file "restarted". */
#include <errno.h>
#include <fcntl.h>
#include <libcr.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int on_checkpoint(void *unused) {
  (void)unused;
  const int result = cr_checkpoint(CR_CHECKPOINT_READY);
  return result < 0 ? result : 0;
}

static int failed(const char *what) {
  printf("FAIL %s: %s\n", what, cr_strerror(errno));
  return 1;
}

int main(int argc, char **argv) {
  if (cr_init() < 0) {
    if (errno != CR_ENOSUPPORT) return failed("cr_init");
    printf("unhosted\n");
    return 0;
  }
  if (argc != 2) return failed("no file named");
  if (cr_register_callback(on_checkpoint, NULL, CR_THREAD_CONTEXT) < 0) return failed("cr_register_callback");
  const int file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return failed(argv[1]);
  cr_checkpoint_args_t request;
  cr_checkpoint_handle_t handle;
  cr_initialize_checkpoint_args_t(&request);
  request.cr_scope = CR_SCOPE_PROC;
  request.cr_target = getpid();
  request.cr_fd = file;
  if (cr_request_checkpoint(&request, &handle) < 0) return failed("cr_request_checkpoint");
  char *messages = NULL;
  int result;
  do {
    result = cr_poll_checkpoint_msg(&handle, NULL, &messages);
  } while (result == 0 || (result < 0 && errno == EINTR));
  if (result < 0 && errno != CR_ERESTARTED) return failed(messages != NULL ? messages : "cr_poll_checkpoint");
  printf("%s\n", result < 0 ? "restarted" : "continued");
  return 0;
}
