// SPDX-License-Identifier: Apache-2.0
// A process with children that execute programs: a plain one, one in a process group of its own with a companion in it,
// one with a session of its own, a child of that, and one that has ended and was not waited for. After any number of
// restarts each must be whose child it was, be reached by signals, and end with its exit code.
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

volatile sig_atomic_t told = 0, ended = 0;

void tell(int) { told = told + 1; }
void end_of_child(int) { ended = ended + 1; }

std::string marker(const char* flag, const char* role) { return std::string(flag) + "." + role; }

// Each takes its group and session itself, so that the parent's later look is at what it has become.
pid_t start(char** argv, const char* role, pid_t group = -1) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (group >= 0) setpgid(0, group);
    execl(argv[0], argv[0], argv[1], role, nullptr);
    _exit(126);
  }
  while (access(marker(argv[1], role).c_str(), F_OK) != 0) subject::nap();
  return pid;
}

void ready(const char* flag, const char* role) { fclose(fopen(marker(flag, role).c_str(), "w")); }

// The code says whether it is where it was.
int be_child(char** argv) {
  const char* role = argv[2];
  signal(SIGUSR1, tell);
  pid_t own = 0;
  if (strcmp(role, "session") == 0) {
    setsid();
    own = start(argv, "below");
  }
  const pid_t pid = getpid(), parent = getppid(), session = getsid(0);
  ready(argv[1], role);
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, &old);
  while (told == 0) sigsuspend(&old);
  if (getpid() != pid || getppid() != parent) return 1;
  const bool leads_session = strcmp(role, "session") == 0 || strcmp(role, "below") == 0;
  if (leads_session && getsid(0) != session) return 2;
  if (own != 0) {
    int status = 0;
    kill(own, SIGUSR1);
    if (waitpid(own, &status, 0) != own || !WIFEXITED(status) || WEXITSTATUS(status) != 44) return 3;
  }
  if (strcmp(role, "grouped") == 0 && getpgrp() != getpid()) return 4;
  if (strcmp(role, "companion") == 0 && getpgrp() == getpid()) return 5;
  const char* const roles[] = {"plain", "grouped", "companion", "session", "below"};
  for (int i = 0; i < 5; ++i) {
    if (strcmp(role, roles[i]) == 0) return 40 + i;
  }
  return 6;
}

void expect(pid_t child, int code) {
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(WEXITSTATUS(status), code);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) return be_child(argv);
  struct sigaction action {};
  action.sa_handler = end_of_child;
  action.sa_flags = SA_RESTART;
  sigaction(SIGCHLD, &action, nullptr);
  const pid_t plain = start(argv, "plain");
  const pid_t grouped = start(argv, "grouped", 0);
  const pid_t companion = start(argv, "companion", grouped);
  const pid_t session = start(argv, "session");
  const pid_t gone = fork();
  if (gone == 0) _exit(77);
  const pid_t killed = fork();
  if (killed == 0) {
    raise(SIGKILL);
    _exit(1);
  }
  while (ended < 2) {
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(gone), &info, WEXITED | WNOWAIT);
    waitid(P_PID, static_cast<id_t>(killed), &info, WEXITED | WNOWAIT);
    if (ended == 1) break;  // both at once
  }
  const pid_t pid = getpid();
  subject::stay_until_asked(argv[1], subject::nap);
  ended = 0;
  CHECK_EQUAL(getpid(), pid);
  CHECK_EQUAL(getpgid(grouped), grouped);
  CHECK_EQUAL(getpgid(companion), grouped);
  CHECK_EQUAL(getsid(session), session);
  CHECK_EQUAL(kill(plain, SIGUSR1), 0);
  expect(plain, 40);
  CHECK_EQUAL(kill(-grouped, SIGUSR1), 0);
  expect(grouped, 41);
  expect(companion, 42);
  CHECK_EQUAL(kill(session, SIGUSR1), 0);
  expect(session, 43);
  CHECK(ended >= 1);
  int status = 0;
  CHECK_EQUAL(waitpid(killed, &status, 0), killed);
  CHECK(WIFSIGNALED(status));
  CHECK_EQUAL(WTERMSIG(status), SIGKILL);
  expect(gone, 77);
  CHECK_EQUAL(waitpid(-1, &status, 0), -1);
  return subject::verdict();
}
