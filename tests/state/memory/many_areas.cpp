// SPDX-License-Identifier: Apache-2.0
// Thousands of small mappings side by side: of a file, written and not; of none, written, protected, wiped on fork;
// guards. Each has its own content, place and rights afterwards. Runs in a directory of its own.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include <fstream>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kGroups = 1500;
enum : size_t { written_file, plain_file, shared_file, anonymous, read_only, wiped, guard, kinds };

char* base;

char* place(size_t group, size_t kind) { return base + (group * kinds + kind) * kPage; }
size_t content(size_t group, size_t kind) { return group * kinds + kind + 1; }

void map(size_t group, size_t kind, int flags, int fd, size_t offset = 0) {
  char* at = place(group, kind);
  CHECK(mmap(at, kPage, PROT_READ | PROT_WRITE, MAP_FIXED | flags, fd, static_cast<off_t>(offset)) == at);
  if (kind == plain_file) return;
  const size_t word = content(group, kind);
  memcpy(at + kPage - sizeof word, &word, sizeof word);
}

void make(size_t group, int fd, int shared) {
  map(group, written_file, MAP_PRIVATE, fd);
  map(group, plain_file, MAP_PRIVATE, fd);
  map(group, shared_file, MAP_SHARED, shared, group * kPage);
  for (const size_t kind : {anonymous, read_only, wiped}) map(group, kind, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(mprotect(place(group, read_only), kPage, PROT_READ) == 0);
  CHECK(madvise(place(group, wiped), kPage, MADV_WIPEONFORK) == 0);
}

// Of our mappings: range, rights, offset and file, and the flags that a program can choose.
std::vector<std::string> table() {
  std::vector<std::string> lines;
  std::ifstream smaps("/proc/self/smaps");
  bool ours = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long start = 0, end = 0;
    if (sscanf(line.c_str(), "%lx-%lx ", &start, &end) == 2) {
      ours = start >= reinterpret_cast<size_t>(base) && end <= reinterpret_cast<size_t>(place(kGroups, 0));
      if (ours) lines.push_back(line);
    } else if (ours && line.starts_with("VmFlags:")) {
      for (const char* flag : {" wf", " rd", " wr", " ex", " sh"}) {
        if (line.find(flag) != std::string::npos) lines.back() += flag;
      }
    }
  }
  return lines;
}

void check_content(size_t group) {
  for (const size_t kind : {written_file, shared_file, anonymous, read_only, wiped}) {
    size_t word = 0;
    memcpy(&word, place(group, kind) + kPage - sizeof word, sizeof word);
    CHECK_EQUAL(word, content(group, kind));
    CHECK_EQUAL(place(group, kind)[0], kind == written_file ? 'f' : 0);
  }
  CHECK_EQUAL(place(group, plain_file)[0], 'f');
  CHECK_EQUAL(place(group, plain_file)[kPage - 1], 'f');
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 2);
  const int fd = open("page", O_CREAT | O_TRUNC | O_RDWR, 0600);
  CHECK(write(fd, std::string(kPage, 'f').data(), kPage) == static_cast<ssize_t>(kPage));
  base = static_cast<char*>(mmap(nullptr, kGroups * kinds * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  const int shared = open("shared", O_CREAT | O_TRUNC | O_RDWR, 0600);
  CHECK(ftruncate(shared, kGroups * kPage) == 0);
  for (size_t group = 0; group < kGroups; ++group) make(group, fd, shared);
  close(fd);
  close(shared);
  const auto before = table();
  CHECK(before.size() >= kGroups * (kinds - 1));
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK(table() == before);
  for (size_t group = 0; group < kGroups; ++group) check_content(group);
  return subject::verdict();
}
