// SPDX-License-Identifier: Apache-2.0
// Limits that are too low for a host: of the address space, of data, of processes (for an ordinary user). The program
// sees what it has set, so does its child, and a program without a host (FLAG PROGRAM: this one, linked statically)
// really has it.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "tests/lib/subject.hpp"

namespace {

constexpr rlim_t kSpace = 8UL << 30, kData = 64UL << 20;
constexpr std::size_t kSome = 3UL << 20;

rlimit get(__rlimit_resource_t resource) {
  rlimit limit{};
  CHECK(getrlimit(resource, &limit) == 0);
  return limit;
}

bool shows(__rlimit_resource_t resource, rlim_t soft, rlim_t hard) {
  const rlimit limit = get(resource);
  return limit.rlim_cur == soft && limit.rlim_max == hard;
}

void check_limits() {
  CHECK(shows(RLIMIT_AS, kSpace, RLIM_INFINITY));
  CHECK(shows(RLIMIT_DATA, kData, kData));
  CHECK(shows(RLIMIT_NPROC, 1, 1));
}

// The end of a child that runs `run`.
template <class Run>
int status_of(Run run) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    run();
    _exit(99);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc >= 2);
  if (strcmp(argv[1], "show") == 0) {
    check_limits();
    return subject::verdict();
  }
  CHECK(argc == 3);
  const rlimit space{kSpace, RLIM_INFINITY}, data{kData, kData}, processes{1, 1}, contradiction{2, 1};
  CHECK(setrlimit(RLIMIT_AS, &space) == 0);
  CHECK(prlimit(0, RLIMIT_DATA, &data, nullptr) == 0);
  CHECK(setrlimit(RLIMIT_NPROC, &processes) == 0);
  CHECK(setrlimit(RLIMIT_AS, &contradiction) != 0);
  char* some = static_cast<char*>(malloc(kSome));
  CHECK(some != nullptr);
  memset(some, 7, kSome);
  subject::stay_until_asked(argv[1], subject::nap);
  check_limits();
  CHECK(some[kSome - 1] == 7);
  char* more = static_cast<char*>(malloc(kSome));
  CHECK(more != nullptr);
  if (geteuid() != 0) {  // others may have no further process
    const rlimit higher{kData + 1, kData + 1};
    CHECK(setrlimit(RLIMIT_DATA, &higher) != 0);
    return subject::verdict();
  }
  CHECK(status_of([] {
          check_limits();
          _exit(subject::verdict());
        }) == 0);
  CHECK(status_of([&] { execl(argv[2], argv[2], "show", nullptr); }) == 0);
  return subject::verdict();
}
