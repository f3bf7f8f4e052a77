// SPDX-License-Identifier: Apache-2.0
// cr_signal_owners FLAG [new | space]: signals of descriptors (O_ASYNC, F_SETOWN, F_SETSIG) that go to other processes
// of the tree, and to their process groups: as a server's master does it with the channels to its workers. `new`: the
// processes may have other numbers at the end. `space`: it will be in a namespace, where the group in which it is
// started has no number.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kChosen = 37;  // a signal with a number, and a value that tells the descriptor

f_owner_ex owner_of(int fd) {
  f_owner_ex owner{};
  CHECK(fcntl(fd, F_GETOWN_EX, &owner) == 0);
  return owner;
}

void set_owner(int fd, pid_t process, int signal) {
  int on = 1;
  CHECK(fcntl(fd, F_SETOWN, process) == 0 && fcntl(fd, F_SETSIG, signal) == 0 && ioctl(fd, FIOASYNC, &on) == 0);
}

struct Channel {
  Channel() { CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }
  std::array<int, 2> ends{-1, -1};
};

// Answers each signal with a byte: 'i' for SIGIO, 'c' for the chosen one.
[[noreturn]] void be_worker(const Channel& answers, bool own_group) {
  if (own_group) setpgid(0, 0);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGIO);
  sigaddset(&wanted, kChosen);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  char byte = 'r';
  for (siginfo_t info{}; write(answers.ends[1], &byte, 1) == 1; byte = info.si_signo == SIGIO ? 'i' : 'c') {
    while (sigwaitinfo(&wanted, &info) < 0) {
    }
  }
  _exit(0);
}

char answer_of(const Channel& answers) {
  char byte = 0;
  while (read(answers.ends[0], &byte, 1) < 0 && errno == EINTR) {
  }
  return byte;
}

}  // namespace

int main(int argc, char** argv) {
  const bool may_be_new = argc > 2 && strcmp(argv[2], "new") == 0, in_space = argc > 2 && !may_be_new;
  std::array<Channel, 2> answers;
  std::array<pid_t, 2> workers{};
  for (std::size_t i = 0; i < workers.size(); ++i) {
    workers[i] = fork();
    if (workers[i] == 0) be_worker(answers[i], i == 1);
    CHECK(answer_of(answers[i]) == 'r');
  }
  Channel to_first, to_group, chosen, common, own, life;
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0);
  set_owner(to_first.ends[1], workers[0], 0);
  set_owner(to_group.ends[1], -workers[1], 0);
  set_owner(chosen.ends[1], workers[1], kChosen);
  set_owner(pipe_ends[0], workers[0], kChosen);
  set_owner(own.ends[1], in_space ? getpid() : -getpgrp(), SIGURG);  // which nobody takes amiss
  const pid_t third = fork();                                        // who has all of these in common with us
  if (third == 0) {
    set_owner(common.ends[1], workers[0], 0);
    CHECK(write(common.ends[0], "x", 1) == 1);
    close(life.ends[0]);
    char byte = 0;
    while (read(life.ends[1], &byte, 1) < 0 && errno == EINTR) {
    }
    _exit(0);
  }
  CHECK(answer_of(answers[0]) == 'i');

  subject::stay_until_asked(argv[1], subject::nap);

  const auto is = [=](int fd, int type, pid_t number) {
    const f_owner_ex owner = owner_of(fd);
    return owner.type == type && owner.pid != 0 && (may_be_new || owner.pid == number);
  };
  CHECK(is(to_first.ends[1], F_OWNER_PID, workers[0]) && is(common.ends[1], F_OWNER_PID, workers[0]));
  CHECK(is(to_group.ends[1], F_OWNER_PGRP, workers[1]) && is(chosen.ends[1], F_OWNER_PID, workers[1]));
  CHECK(owner_of(own.ends[1]).pid == (in_space ? getpid() : getpgrp()) && owner_of(own.ends[0]).pid == 0);
  CHECK(fcntl(chosen.ends[1], F_GETSIG) == kChosen && fcntl(to_first.ends[1], F_GETSIG) == 0);
  CHECK((fcntl(to_first.ends[1], F_GETFL) & O_ASYNC) != 0);
  CHECK(write(to_first.ends[0], "x", 1) == 1 && answer_of(answers[0]) == 'i');
  CHECK(write(common.ends[0], "x", 1) == 1 && answer_of(answers[0]) == 'i');
  CHECK(write(pipe_ends[1], "x", 1) == 1 && answer_of(answers[0]) == 'c');
  CHECK(write(to_group.ends[0], "x", 1) == 1 && answer_of(answers[1]) == 'i');
  CHECK(write(chosen.ends[0], "x", 1) == 1 && answer_of(answers[1]) == 'c');
  const pid_t now[] = {owner_of(to_first.ends[1]).pid, owner_of(chosen.ends[1]).pid};
  for (const pid_t worker : now) CHECK(kill(worker, SIGKILL) == 0);
  return subject::verdict();
}
