// SPDX-License-Identifier: Apache-2.0
// mlockall() for all that will be mapped: after a restart, too, in the way that was asked for.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kLength = 1 << 20;

// What becomes of a mapping that is made now: is it locked, is it there at once?
std::pair<bool, bool> next_mapping() {
  char* p = static_cast<char*>(mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  CHECK(p != MAP_FAILED);
  const bool locked = msync(p, kLength, MS_INVALIDATE) != 0 && errno == EBUSY;
  unsigned char resident[kLength / 4096] = {};
  mincore(p, kLength, resident);
  munmap(p, kLength);
  return {locked, (resident[7] & 1) != 0};
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  const bool as_they_come = strcmp(argv[2], "onfault") == 0;
  if (mlockall(MCL_FUTURE | (as_they_come ? MCL_ONFAULT : 0)) != 0) printf("SKIP: mlockall is not permitted\n");
  const auto before = next_mapping();
  CHECK(before.first && before.second != as_they_come);
  subject::stay_until_asked(argv[1], subject::nap);
  CHECK(next_mapping() == before);
  return subject::verdict();
}
