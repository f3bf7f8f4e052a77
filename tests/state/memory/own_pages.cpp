// SPDX-License-Identifier: Apache-2.0
// A page of a large file is mapped shared: what others have written to the rest of the file is not waited for at a
// checkpoint. Nothing is known where the kernel writes such pages back meanwhile: what a file that nobody has to do
// with tells. Runs in a directory of its own.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kPage = 4096, kPages = 256;

// With pages that wait for the disk. Shown, without the right to write.
const char* make(int fd) {
  const std::string text(kPages * kPage, 'x');
  CHECK(pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  void* const shown = mmap(nullptr, text.size(), PROT_READ, MAP_SHARED, fd, 0);
  CHECK(shown != MAP_FAILED);
  return static_cast<const char*>(shown);
}

// Kilobytes that wait for the disk, of what is shown there.
long waiting(const char* shown) {
  long sum = 0;
  for (size_t i = 0; i < kPages; ++i) sum += shown[i * kPage] == 0 ? 1 : 0;  // seen by smaps when read
  std::ifstream smaps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long start = 0, end = 0;
    long amount = 0;
    if (sscanf(line.c_str(), "%lx-%lx ", &start, &end) == 2) here = start == reinterpret_cast<unsigned long>(shown);
    if (here && (sscanf(line.c_str(), "Shared_Dirty: %ld", &amount) == 1 ||
                 sscanf(line.c_str(), "Private_Dirty: %ld", &amount) == 1))
      sum += amount;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 2);
  const int fd = open("large", O_CREAT | O_TRUNC | O_RDWR, 0600),
            other = open("other", O_CREAT | O_TRUNC | O_RDWR, 0600);
  CHECK(ftruncate(fd, (kPages + 1) * kPage) == 0);
  void* const own = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, kPages * kPage);
  CHECK(own != MAP_FAILED);
  const char *const shown = make(fd), *const others = make(other);
  *static_cast<char*>(own) = 'y';
  const long before = waiting(shown), others_before = waiting(others);
  subject::stay_until_asked(argv[1], subject::nap);
  const long after = waiting(shown);
  if (waiting(others) == others_before) CHECK(after == before);
  return subject::verdict();
}
