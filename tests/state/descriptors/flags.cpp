// SPDX-License-Identifier: Apache-2.0
// The status flags of open files, and what open() does with others is not done again.
#include <fcntl.h>
#include <sys/stat.h>

#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr int kSeen = O_ACCMODE | O_APPEND | O_ASYNC | O_DIRECT | O_DSYNC | O_SYNC | O_NOATIME | O_NONBLOCK | O_PATH;

struct Opened {
  int fd, flags;
};

}  // namespace

int main(int, char** argv) {
  const int first = open("data", O_CREAT | O_EXCL | O_TRUNC | O_RDWR, 0600);
  CHECK(write(first, "content", 7) == 7);
  std::vector<Opened> files;
  for (int flags : {O_RDONLY, O_WRONLY | O_APPEND, O_RDWR | O_DSYNC, O_RDWR | O_SYNC, O_RDONLY | O_NOATIME,
                    O_RDWR | O_NONBLOCK, O_RDONLY | O_NOFOLLOW | O_NOCTTY, O_PATH, O_RDWR | O_DIRECT, 3 /* ioctl */}) {
    const int fd = open("data", flags);
    if (fd < 0) continue;  // a file system without it
    files.push_back({fd, fcntl(fd, F_GETFL) & kSeen});
  }
  const int directory = open(".", O_RDONLY | O_DIRECTORY);
  CHECK(files.size() >= 8);
  subject::stay_until_asked(argv[1], subject::nap);
  for (const Opened& file : files) CHECK_EQUAL(fcntl(file.fd, F_GETFL) & kSeen, file.flags);
  struct stat status;
  CHECK(fstat(first, &status) == 0 && status.st_size == 7 && lseek(first, 0, SEEK_CUR) == 7);
  CHECK(fstat(directory, &status) == 0 && S_ISDIR(status.st_mode));
  return subject::verdict();
}
