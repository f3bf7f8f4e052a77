// SPDX-License-Identifier: Apache-2.0
// cr_waiting_copy FLAG: a copy that fork made waits all the time, by calls that a signal ends. Checkpoints, the first
// of which gives it a host of its own, are no signals of the program's.
#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/lib/subject.hpp"

namespace {

int wait_and_wait(const std::string& flag) {
  constexpr int kMilliseconds = 100;
  while (access(flag.c_str(), F_OK) != 0) {
    CHECK(poll(nullptr, 0, kMilliseconds) == 0);
    const timespec pause{0, kMilliseconds * 1000000L};
    CHECK(nanosleep(&pause, nullptr) == 0);
  }
  return subject::failures == 0 ? 0 : 1;
}

}  // namespace

int main(int, char** argv) {
  const pid_t child = fork();
  if (child == 0) _exit(wait_and_wait(argv[1]));
  subject::stay_until_asked(argv[1], subject::nap);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return subject::verdict();
}
