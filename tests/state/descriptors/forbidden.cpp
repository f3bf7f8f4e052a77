// SPDX-License-Identifier: Apache-2.0
// Files whose modes forbid their owner to open them again as he has them open: made so, or changed afterwards, mapped
// too. They are open and mapped as before, and their modes are what they were.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kPage = 4096;

void put(int fd, const std::string& text) {
  CHECK(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string content(int fd) {
  char text[100] = "";
  CHECK(pread(fd, text, sizeof text - 1, 0) >= 0);
  return text;
}

void check_mode(const char* name, mode_t expected) {
  struct stat status {};
  CHECK(stat(name, &status) == 0);
  CHECK_EQUAL(status.st_mode & ALLPERMS, expected);
}

char* map_file(const char* name) {
  const int fd = open(name, O_CREAT | O_RDWR, 0600);
  CHECK(ftruncate(fd, kPage) == 0);
  auto* memory = static_cast<char*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  CHECK(memory != MAP_FAILED && fchmod(fd, 0) == 0);
  close(fd);
  return memory;
}

}  // namespace

int main(int, char** argv) {
  umask(0);
  const int read_only = open("read-only", O_CREAT | O_EXCL | O_RDWR, 0444);
  put(read_only, "made");
  const int nothing = open("nothing", O_CREAT | O_EXCL | O_RDWR, 0);
  put(nothing, "none");
  const int taken = open("taken", O_CREAT | O_EXCL | O_RDONLY, 0600);
  CHECK(fchmod(taken, 0070) == 0);
  char* const mapped = map_file("mapped");
  mapped[0] = 'a';
  subject::stay_until_asked(argv[1], [&] {
    ++mapped[1];
    subject::nap();
  });

  put(read_only, " here");
  put(nothing, " too");
  CHECK(content(read_only) == "made here");
  CHECK(content(nothing) == "none too");
  CHECK(content(taken) == "");
  CHECK(mapped[0] == 'a');
  check_mode("read-only", 0444);
  check_mode("nothing", 0);
  check_mode("taken", 0070);
  check_mode("mapped", 0);
  CHECK(chmod("mapped", 0600) == 0);
  const int again = open("mapped", O_RDONLY);
  mapped[2] = 'z';
  CHECK(content(again).size() == 3 && content(again)[2] == 'z');
  return subject::verdict();
}
