// SPDX-License-Identifier: Apache-2.0
// cr_left_out FLAG CR_RUN: a process with two children that are not to be saved: one says so in a callback, and has a
// child of its own; the other has been started by cr_run --omit. Once FLAG.gone is there (after a restart) both have
// ended with success.
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include <cerrno>
#include <string>

#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

extern char** environ;

namespace {

int leave_out(void*) {
  cr_checkpoint(CR_CHECKPOINT_OMIT);
  return 0;
}

// What it tells whoever asks for it alone.
void ask_for_itself() {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  CHECK(cr_init() >= 0 && cr_register_callback(leave_out, nullptr, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_initialize_checkpoint_args_t(&args) == 0);
  args.cr_fd = CR_DEST_CWD;
  CHECK(cr_request_checkpoint(&args, &handle) == 0);
  char* text = nullptr;
  CHECK_EQUAL(cr_poll_checkpoint_msg(&handle, nullptr, &text), CR_POLL_CHKPT_ERR_POST);
  CHECK_EQUAL(errno, ESRCH);
  CHECK(text != nullptr && strstr(text, "leaves itself out") != nullptr);
  free(text);
}

// With nothing in common by which its own request would be refused.
pid_t start_by_callback() {
  sigset_t told;
  sigemptyset(&told);
  sigaddset(&told, SIGUSR1);
  CHECK(sigprocmask(SIG_BLOCK, &told, nullptr) == 0);
  const pid_t child = fork();
  if (child == 0) {
    ask_for_itself();
    if (fork() == 0) {
      for (;;) pause();
    }
    CHECK(kill(getppid(), SIGUSR1) == 0);
    for (;;) pause();
  }
  CHECK(sigwaitinfo(&told, nullptr) == SIGUSR1);
  return child;
}

pid_t start_by_command(const char* cr_run) {
  pid_t child = -1;
  const char* const words[] = {cr_run, "--omit", "sleep", "600", nullptr};
  CHECK(posix_spawn(&child, cr_run, nullptr, nullptr, const_cast<char**>(words), environ) == 0);
  return child;
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  const pid_t children[] = {start_by_callback(), start_by_command(argv[2])};
  subject::stay_until_asked(argv[1], subject::nap);
  const bool gone = access((std::string(argv[1]) + ".gone").c_str(), F_OK) == 0;
  for (const pid_t child : children) {
    int status = -1;
    CHECK_EQUAL(waitpid(child, &status, WNOHANG), gone ? child : 0);
    if (gone) CHECK_EQUAL(status, 0);
    if (!gone) CHECK(kill(child, SIGKILL) == 0);
  }
  return subject::verdict();
}
