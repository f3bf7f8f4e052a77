// SPDX-License-Identifier: Apache-2.0
// Has files open and mapped in every way, and uses all of them once more when it is asked. What is in them then is for
// comparison.py to see. With "lines" it copies lines from standard input to standard output instead.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "tests/lib/subject.hpp"

namespace {

void write_text(int fd, const std::string& text) {
  CHECK_EQUAL(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string read_text(int fd, size_t n) {
  std::string text(n, '\0');
  text.resize(static_cast<size_t>(std::max<ssize_t>(read(fd, text.data(), n), 0)));
  return text;
}

// Five lines before it is asked, all others after it.
int copy_lines(const char* flag) {
  char line[100];
  for (int i = 0; i < 5 && fgets(line, sizeof line, stdin) != nullptr; ++i) fputs(line, stdout);
  fputs("READY\n", stderr);
  fflush(stdout);
  while (access(flag, F_OK) != 0) subject::nap();
  while (fgets(line, sizeof line, stdin) != nullptr) fputs(line, stdout);
  fputs("PASS\n", stderr);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) return copy_lines(argv[1]);
  const int made = open("in", O_CREAT | O_WRONLY, 0644);
  write_text(made, "first half, second half");
  close(made);
  const int in = open("in", O_RDONLY);
  CHECK(read_text(in, 11) == "first half,");
  const int log = open("log", O_CREAT | O_WRONLY | O_APPEND, 0644);
  write_text(log, "first\n");
  const int out = open("out", O_CREAT | O_RDWR, 0600);
  write_text(out, "0123456789");
  const int map = open("map", O_CREAT | O_RDWR, 0640);
  CHECK(ftruncate(map, 4096) == 0);
  auto* mapped = static_cast<char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0));
  strcpy(mapped, "mapped");
  close(map);
  subject::stay_until_asked(argv[1], [&] { subject::nap(); });

  write_text(log, "second\n");
  write_text(out, "abc");
  printf("in '%s', mapped '%s'\n", read_text(in, 100).c_str(), mapped);
  return subject::verdict();
}
