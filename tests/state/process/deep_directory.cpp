// SPDX-License-Identifier: Apache-2.0
// A working directory whose path is longer than a path may be.
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>

#include "tests/lib/subject.hpp"

namespace {

std::string working_directory() {
  const std::unique_ptr<char, decltype(&free)> path(getcwd(nullptr, 0), &free);
  return path != nullptr ? path.get() : "";
}

}  // namespace

int main(int, char** argv) {
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i) + std::string(200, 'd');
    CHECK(mkdir(name.c_str(), 0755) == 0 && chdir(name.c_str()) == 0);
  }
  const std::string before = working_directory();
  CHECK(before.size() > 8000);
  close(open("mark", O_CREAT | O_WRONLY, 0600));
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK(working_directory() == before);
  CHECK(access("mark", F_OK) == 0);
  return subject::verdict();
}
