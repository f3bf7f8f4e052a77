// SPDX-License-Identifier: Apache-2.0
// Has a descriptor at every number that its limit of open files allows, put there by its number; the host has its own
// elsewhere, and makes new ones for each checkpoint.
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/lib/subject.hpp"

namespace {

int end_of_numbers() {
  rlimit limit{};
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  return static_cast<int>(limit.rlim_cur);
}

void check_no_more(int end) {
  CHECK(open("/dev/null", O_RDONLY) == -1 && errno == EMFILE);
  CHECK(fcntl(0, F_DUPFD, 3) == -1 && errno == EMFILE);
  CHECK(fcntl(0, F_DUPFD, end) == -1 && errno == EINVAL);
  CHECK(dup2(0, end) == -1 && errno == EBADF);
}

}  // namespace

int main(int, char** argv) {
  const int end = end_of_numbers();
  CHECK_EQUAL(end, 1000);
  for (int fd = 3; fd < end; ++fd)
    CHECK_EQUAL(fd % 3 == 0 ? dup3(1, fd, O_CLOEXEC) : fd % 3 == 1 ? dup2(1, fd) : fcntl(1, F_DUPFD, fd), fd);
  check_no_more(end);
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK_EQUAL(end_of_numbers(), end);
  check_no_more(end);
  for (int fd = 3; fd < end; ++fd) CHECK_EQUAL(fcntl(fd, F_GETFD), fd % 3 == 0 ? FD_CLOEXEC : 0);
  CHECK(close(500) == 0 && open("/dev/null", O_RDONLY) == 500);
  return subject::verdict();
}
