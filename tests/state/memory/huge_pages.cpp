// SPDX-License-Identifier: Apache-2.0
// Memory in pages of hugetlb: touched in part, without access, and untouched. The machine must have 4 such pages.
#include <string.h>
#include <sys/mman.h>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kHuge = 2UL << 20;

char* map_huge(size_t pages) {
  void* p = mmap(nullptr, pages * kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  CHECK(p != MAP_FAILED);
  return static_cast<char*>(p);
}

bool is_filled(const char* at, size_t length, char with) {
  for (size_t i = 0; i < length; ++i) {
    if (at[i] != with) return false;
  }
  return true;
}

}  // namespace

int main(int, char** argv) {
  char* some = map_huge(2);
  memset(some + kHuge - 10000, 'x', 10000);
  char* hidden = map_huge(1);
  memset(hidden, 'h', kHuge);
  CHECK(mprotect(hidden, kHuge, PROT_NONE) == 0);
  char* untouched = map_huge(1);
  char counter = 0;
  subject::stay_until_asked(argv[1], [&] {
    memset(some, ++counter, 5000);  // while a forked child may still be writing
    subject::nap();
  });
  CHECK(is_filled(some, 5000, counter));
  CHECK(is_filled(some + 5000, kHuge - 15000, 0));
  CHECK(is_filled(some + kHuge - 10000, 10000, 'x'));
  CHECK(mprotect(hidden, kHuge, PROT_READ) == 0);
  CHECK(is_filled(hidden, kHuge, 'h'));
  CHECK(is_filled(untouched, kHuge, 0));
  untouched[5] = 1;
  return subject::verdict();
}
