// SPDX-License-Identifier: Apache-2.0
// named FLAG FILE...: has every FILE open and mapped, those that begin with "private" privately, and knows what is in
// each.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kLength = 4096;

struct File {
  std::string name;
  int fd;
  char* mapped;
};

File make(const std::string& name, int number) {
  const int fd = open(name.c_str(), O_CREAT | O_RDWR, 0644);
  CHECK(fd >= 0);
  const std::string text = "file " + std::to_string(number);
  CHECK(pwrite(fd, text.c_str(), text.size() + 1, 0) > 0);
  CHECK(ftruncate(fd, kLength) == 0);
  const int kind = name.starts_with("private") ? MAP_PRIVATE : MAP_SHARED;
  return {name, fd, static_cast<char*>(mmap(nullptr, kLength, PROT_READ | PROT_WRITE, kind, fd, 0))};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<File> files;
  for (int i = 2; i < argc; ++i) files.push_back(make(argv[i], i));
  char before[4096], after[4096];
  CHECK(getcwd(before, sizeof before) != nullptr);
  subject::stay_until_asked(argv[1], [] { subject::nap(); });

  CHECK(getcwd(after, sizeof after) != nullptr && strcmp(before, after) == 0);
  for (size_t i = 0; i < files.size(); ++i) {
    char text[40] = {};
    const std::string wanted = "file " + std::to_string(i + 2);
    CHECK(pread(files[i].fd, text, sizeof text, 0) == sizeof text);
    CHECK(wanted == text);
    CHECK(wanted == files[i].mapped);
    CHECK(access(files[i].name.c_str(), R_OK | W_OK) == 0);
  }
  return subject::verdict();
}
