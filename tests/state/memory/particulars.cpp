// SPDX-License-Identifier: Apache-2.0
// Memory that is more than its mapping and its content: guard pages, memory that may be dropped, sealed, named, placed;
// a memfd that only a private mapping shows.
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/prctl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <fstream>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kPage = 4096;
constexpr int kGuardInstall = 102, kDroppable = 8;  // newer than the headers
constexpr long kMseal = 462;
sigjmp_buf back;

void jump_back(int) { siglongjmp(back, 1); }

char* map(int flags) {
  void* p = mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, flags, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

bool faults(char* p) {
  if (sigsetjmp(back, 1) != 0) return true;
  *p = 1;
  return false;
}

// Line of smaps that begins with `name`, of the mapping at `address`; or its first line.
std::string line_of(const void* address, const char* name) {
  std::ifstream in("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(in, line);) {
    unsigned long start = 0, end = 0;
    const bool first = sscanf(line.c_str(), "%lx-%lx ", &start, &end) == 2;
    if (first) here = reinterpret_cast<unsigned long>(address) == start;
    if (here && (*name == '\0' || line.starts_with(name))) return line;
  }
  return "";
}

bool ends_with(const std::string& text, const char* end) { return text.ends_with(end); }

std::pair<int, unsigned long> policy_of(void* p) {
  int mode = -1;
  unsigned long nodes = 0;
  syscall(SYS_get_mempolicy, &mode, &nodes, 64, p, MPOL_F_ADDR);
  return {mode, nodes};
}

void name(char* p, const char* text) { prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, 4 * kPage, text); }

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 2);
  signal(SIGSEGV, jump_back);
  const int own = MAP_PRIVATE | MAP_ANONYMOUS, shared = MAP_SHARED | MAP_ANONYMOUS;
  char* guarded = map(own);
  strcpy(guarded, "before");
  const bool can_guard = madvise(guarded + 2 * kPage, kPage, kGuardInstall) == 0;
  char* const droppable = map(kDroppable | MAP_ANONYMOUS);
  char* const sealed = map(own);
  mprotect(sealed, kPage, PROT_READ);
  const bool can_seal = syscall(kMseal, sealed, kPage, 0) == 0;
  char* const placed = map(own);
  unsigned long nodes = 1;
  syscall(SYS_mbind, placed, 4 * kPage, MPOL_BIND, &nodes, 64, 0);
  const auto policy = policy_of(placed);
  char* const called = map(own);
  name(called, "some name");
  const bool can_name = ends_with(line_of(called, ""), "[anon:some name]");
  char* const first = map(shared);
  char* const second = map(shared);
  name(first, "first");
  name(second, "second");
  strcpy(first, "one");
  strcpy(second, "two");
  const int unnamed = memfd_create("a file (deleted)", MFD_CLOEXEC);
  CHECK(ftruncate(unnamed, 4 * kPage) == 0 && pwrite(unnamed, "below", 5, kPage) == 5);
  void* const kept = mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, unnamed, 0);
  CHECK(kept != MAP_FAILED && close(unnamed) == 0);
  char* const copied = static_cast<char*>(kept);
  strcpy(copied, "above");
  const std::string first_line = line_of(first, ""), flags = droppable != nullptr ? line_of(droppable, "VmFlags") : "";

  subject::stay_until_asked(argv[1], subject::nap);

  CHECK(strcmp(guarded, "before") == 0 && !faults(guarded + kPage) && !faults(guarded + 3 * kPage));
  CHECK_EQUAL(faults(guarded + 2 * kPage), can_guard);
  if (droppable != nullptr) CHECK(line_of(droppable, "VmFlags") == flags);
  CHECK_EQUAL(mprotect(sealed, kPage, PROT_READ | PROT_WRITE) != 0, can_seal);
  CHECK(policy_of(placed) == policy);
  if (can_name) CHECK(ends_with(line_of(called, ""), "[anon:some name]"));
  CHECK(strcmp(copied, "above") == 0 && strcmp(copied + kPage, "below") == 0);
  CHECK(ends_with(line_of(copied, ""), "/memfd:a file (deleted) (deleted)"));
  CHECK(strcmp(first, "one") == 0 && strcmp(second, "two") == 0);
  if (ends_with(first_line, "[anon_shmem:first]")) CHECK(ends_with(line_of(first, ""), "[anon_shmem:first]"));
  return subject::verdict();
}
