// SPDX-License-Identifier: Apache-2.0
// A session with more than one tree. cr_scopes FLAG: the first process leads a session, with a process whose parent has
// ended, which it talks to, and with a process group whose leader has ended. While FLAG.ask is there that other process
// asks for a checkpoint of its process group: SAVED or RESTARTED. When FLAG is there all of it is looked at.
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

namespace {

struct Answer {
  pid_t group, session;
  int count;
  int result;
};

int to_orphan[2], from_orphan[2], from_member[2];

// By libcr: of everybody in the group, the caller too.
int ask_for_group() {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  CHECK(cr_init() >= 0 && cr_initialize_checkpoint_args_t(&args) == 0);
  args.cr_scope = CR_SCOPE_PGRP;
  args.cr_fd = CR_DEST_CWD;
  args.cr_flags |= CR_CHKPT_PROHIBIT_SELF;
  CHECK(cr_request_checkpoint(&args, &handle) == -1 && errno == EDEADLK);
  args.cr_flags &= ~static_cast<unsigned>(CR_CHKPT_PROHIBIT_SELF);
  args.cr_target = 999999999;
  CHECK(cr_request_checkpoint(&args, &handle) == -1 && errno == ESRCH);
  args.cr_target = 0;
  CHECK(cr_request_checkpoint(&args, &handle) == 0);
  const cr_checkpoint_handle_t used = handle;
  char* text = nullptr;
  const int result = cr_poll_checkpoint_msg(&handle, nullptr, &text);
  const int error = result > 0 ? 0 : errno;
  if (result < 0 && error != CR_ERESTARTED) printf("%s: %s\n", cr_strerror(error), text != nullptr ? text : "");
  free(text);
  handle = used;
  CHECK(cr_wait_checkpoint(&handle, nullptr) == -1 && errno == EINVAL);
  CHECK(cr_reap_checkpoint(&handle) == -1 && errno == EINVAL);
  return error;
}

[[noreturn]] void be_orphan() {
  char what = 0;
  for (int count = 1; read(to_orphan[0], &what, 1) == 1; ++count) {
    const int result = what == 'c' ? ask_for_group() : 0;
    const Answer answer{getpgrp(), getsid(0), count, result};
    CHECK(write(from_orphan[1], &answer, sizeof answer) == sizeof answer);
  }
  _exit(0);
}

Answer talk(char what) {
  Answer answer{};
  CHECK(write(to_orphan[1], &what, 1) == 1);
  CHECK(read(from_orphan[0], &answer, sizeof answer) == sizeof answer);
  return answer;
}

void on_signal(int) {
  const pid_t group = getpgrp();
  CHECK(write(from_member[1], &group, sizeof group) == sizeof group);
}

pid_t make_orphan() {
  int number[2];
  CHECK(pipe(number) == 0);
  const pid_t between = fork();
  if (between == 0) {
    const pid_t orphan = fork();
    if (orphan == 0) {
      close(to_orphan[1]);
      be_orphan();
    }
    CHECK(write(number[1], &orphan, sizeof orphan) == sizeof orphan);
    _exit(0);
  }
  pid_t orphan = 0;
  CHECK(read(number[0], &orphan, sizeof orphan) == sizeof orphan);
  CHECK(waitpid(between, nullptr, 0) == between);
  close(number[0]);
  close(number[1]);
  return orphan;
}

// In a group of which only it is left.
pid_t make_member(pid_t& group) {
  const pid_t leader = fork();
  if (leader == 0) {
    pause();
    _exit(0);
  }
  CHECK(setpgid(leader, leader) == 0);
  const pid_t member = fork();
  if (member == 0) {
    for (;;) pause();
  }
  CHECK(setpgid(member, leader) == 0);
  CHECK(kill(leader, SIGKILL) == 0 && waitpid(leader, nullptr, 0) == leader);
  group = leader;
  return member;
}

void look_at(pid_t member, pid_t group, int count) {
  const Answer answer = talk('n');
  CHECK_EQUAL(answer.count, count);
  CHECK_EQUAL(answer.group, getpgrp());
  CHECK_EQUAL(answer.session, getsid(0));
  CHECK_EQUAL(getpgid(member), group);
  CHECK_EQUAL(getsid(member), getsid(0));
  pid_t seen = 0;
  CHECK(kill(-group, SIGUSR1) == 0);
  CHECK(read(from_member[0], &seen, sizeof seen) == sizeof seen);
  CHECK_EQUAL(seen, group);
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 2);
  CHECK(getsid(0) == getpid() && signal(SIGUSR1, on_signal) != SIG_ERR);
  CHECK(pipe(to_orphan) == 0 && pipe(from_orphan) == 0 && pipe(from_member) == 0);
  const pid_t orphan = make_orphan();
  pid_t group = 0;
  const pid_t member = make_member(group);
  int count = 1;
  look_at(member, group, count);
  printf("READY\nORPHAN %d\n", orphan);
  fflush(stdout);
  const std::string ask = std::string(argv[1]) + ".ask";
  while (access(argv[1], F_OK) != 0) {
    if (access(ask.c_str(), F_OK) == 0) {
      CHECK(unlink(ask.c_str()) == 0);
      ++count;
      const int result = talk('c').result;
      CHECK(result == 0 || result == CR_ERESTARTED);
      printf("%s\n", result == 0 ? "SAVED" : "RESTARTED");
      fflush(stdout);
    }
    subject::nap();
  }
  look_at(member, group, count + 1);
  CHECK(kill(member, SIGKILL) == 0 && waitpid(member, nullptr, 0) == member);
  return subject::verdict();
}
