// SPDX-License-Identifier: Apache-2.0
// Files and directories whose paths are longer than a path may be, open in every way and mapped, and written on after
// each checkpoint; some of them have names that the kernel shows as something else.
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <memory>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kPage = 4096;

bool is(int fd, const std::string& name) {
  struct stat open_one {
  }, named{};
  return fstat(fd, &open_one) == 0 && stat(name.c_str(), &named) == 0 && open_one.st_ino == named.st_ino &&
         open_one.st_dev == named.st_dev;
}

std::string text_at(int fd) {
  char text[100] = "";
  CHECK(read(fd, text, sizeof text - 1) >= 0);
  return text;
}

int make(const std::string& name, const std::string& text, int flags) {
  const int fd = open(name.c_str(), O_CREAT | O_RDWR, 0600);
  CHECK(fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(fd);
  const int again = open(name.c_str(), flags);
  CHECK(again >= 0);
  return again;
}

class Mapped {
 public:
  Mapped(const std::string& name, int flags) {
    const int fd = make(name, std::string(kPage, 'm'), O_RDWR);
    memory_ = static_cast<char*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, flags, fd, 0));
    CHECK(memory_ != MAP_FAILED);
    close(fd);
  }
  char& operator[](size_t at) { return memory_[at]; }

 private:
  char* memory_;
};

}  // namespace

int main(int, char** argv) {
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i) + std::string(200, 'd');
    CHECK(mkdir(name.c_str(), 0755) == 0 && chdir(name.c_str()) == 0);
  }
  const std::string odd = "a\nb\\012 (deleted)";
  CHECK(mkdir(odd.c_str(), 0755) == 0);
  const int read_only = make("read", "0123456789", O_RDONLY), strange = make(odd + "/" + odd, "strange", O_RDONLY);
  const int log = make("log", "", O_WRONLY | O_APPEND), named = make("named", "", O_PATH);
  const int empty = make("empty", "", O_RDONLY);
  const int directory = open(odd.c_str(), O_RDONLY | O_DIRECTORY), here = open(".", O_PATH);
  Mapped shared(odd + "/shared", MAP_SHARED), own("own", MAP_PRIVATE);
  shared[1] = 's', own[1] = 'o';
  CHECK(lseek(read_only, 3, SEEK_SET) == 3);
  off_t written = 0;
  subject::stay_until_asked(argv[1], [&] {
    CHECK(write(log, "x", 1) == 1);
    ++written;
    subject::nap();
  });
  struct stat status {};
  CHECK(fstat(log, &status) == 0);
  CHECK_EQUAL(status.st_size, written);
  CHECK(is(log, "log") && is(read_only, "read") && is(named, "named") && is(empty, "empty") && is(here, "."));
  CHECK(text_at(read_only) == "3456789" && text_at(strange) == "strange");
  CHECK(is(directory, odd) && is(strange, odd + "/" + odd));
  CHECK(shared[0] == 'm' && shared[1] == 's' && own[0] == 'm' && own[1] == 'o');
  shared[2] = 'S';
  char byte = 0;
  const int again = open((odd + "/shared").c_str(), O_RDONLY);
  CHECK(pread(again, &byte, 1, 2) == 1 && byte == 'S');
  return subject::verdict();
}
