// SPDX-License-Identifier: Apache-2.0
// Holds locks of open files: flock() and F_OFD_SETLK. Its driver looks at them from outside (locks.py).
#include <fcntl.h>
#include <sys/file.h>

#include "tests/lib/subject.hpp"

namespace {

void lock_range(int fd, short type, off_t start, off_t length) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = start;
  range.l_len = length;
  CHECK(fcntl(fd, F_OFD_SETLK, &range) == 0);
}

// Whether another description could have it.
bool is_free(const char* name, short type, off_t start, off_t length) {
  const int fd = open(name, O_RDWR);
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = start;
  range.l_len = length;
  CHECK(fcntl(fd, F_OFD_GETLK, &range) == 0);
  close(fd);
  return range.l_type == F_UNLCK;
}

bool may_flock(const char* name, int how) {
  const int fd = open(name, O_RDWR);
  const bool got = flock(fd, how | LOCK_NB) == 0;
  close(fd);
  return got;
}

}  // namespace

int main(int, char** argv) {
  const int exclusive = open("exclusive", O_CREAT | O_RDWR, 0600), shared = open("shared", O_CREAT | O_RDWR, 0600);
  const int ranges = open("ranges", O_CREAT | O_RDWR, 0600);
  CHECK(flock(exclusive, LOCK_EX) == 0 && flock(shared, LOCK_SH) == 0);
  const int copy = dup(exclusive);
  lock_range(ranges, F_WRLCK, 10, 5);
  lock_range(ranges, F_RDLCK, 100, 0);
  const int gone = open("gone", O_CREAT | O_RDWR, 0600);
  unlink("gone");
  CHECK(flock(gone, LOCK_EX) == 0);
  subject::stay_until_asked(argv[1], subject::nap);

  CHECK(!may_flock("exclusive", LOCK_SH) && !may_flock("shared", LOCK_EX) && may_flock("shared", LOCK_SH));
  CHECK(!is_free("ranges", F_RDLCK, 10, 1) && !is_free("ranges", F_RDLCK, 14, 1) && is_free("ranges", F_WRLCK, 15, 85));
  CHECK(is_free("ranges", F_RDLCK, 100, 0) && !is_free("ranges", F_WRLCK, 1000000, 1));
  close(exclusive);
  CHECK(!may_flock("exclusive", LOCK_SH));
  close(copy);
  CHECK(may_flock("exclusive", LOCK_EX));
  const int other = open(("/proc/self/fd/" + std::to_string(gone)).c_str(), O_RDWR);
  CHECK(flock(other, LOCK_SH | LOCK_NB) != 0);
  close(gone);
  CHECK(flock(other, LOCK_EX | LOCK_NB) == 0);
  return subject::verdict();
}
