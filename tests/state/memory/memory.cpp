// SPDX-License-Identifier: Apache-2.0
// Memory of all kinds: sparse reservations of 8 GiB, no access, read only, executable, shared anonymous, files mapped
// shared and private, advised, locked, the heap. Runs in a directory of its own.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <fstream>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kPage = 4096, kGiB = 1UL << 30;
sigjmp_buf back;

void jump_back(int) { siglongjmp(back, 1); }

char* map(size_t length, int prot, int flags, int fd = -1, off_t offset = 0) {
  void* p = mmap(nullptr, length, prot, flags, fd, offset);
  CHECK(p != MAP_FAILED);
  return static_cast<char*>(p);
}

template <class Touch>
bool faults(Touch touch) {
  if (sigsetjmp(back, 1) != 0) return true;
  touch();
  return false;
}

std::string flags_of(const void* address) {
  std::ifstream in("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(in, line);) {
    unsigned long start = 0, end = 0;
    if (sscanf(line.c_str(), "%lx-%lx ", &start, &end) == 2)
      here = reinterpret_cast<unsigned long>(address) >= start && reinterpret_cast<unsigned long>(address) < end;
    if (here && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

bool has_flag(const void* address, const char* flag) {
  return flags_of(address).find(" " + std::string(flag) + " ") != std::string::npos;
}

unsigned long resident_kib() {
  std::ifstream in("/proc/self/status");
  unsigned long kib = 0;
  for (std::string line; std::getline(in, line);) sscanf(line.c_str(), "VmRSS: %lu", &kib);
  return kib;
}

int make_file(const char* name, char fill) {
  const int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);
  const std::string text(4 * kPage, fill);
  CHECK(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return fd;
}

}  // namespace

int main(int, char** argv) {  // NOLINT(readability-function-size): makes one thing after another, then looks at each
  struct sigaction action = {};
  action.sa_handler = jump_back;
  action.sa_flags = SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);

  char* sparse = map(8 * kGiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  for (size_t at = 0; at < 8 * kGiB; at += kGiB / 16) sparse[at + 5] = static_cast<char>(at / (kGiB / 16) + 1);
  char* secret = map(4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  strcpy(secret + kPage, "hidden");
  mprotect(secret, 4 * kPage, PROT_NONE);
  char* fixed = map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  strcpy(fixed, "constant");
  mprotect(fixed, kPage, PROT_READ);
  char* reserved = map(64 * kGiB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  auto* code = reinterpret_cast<unsigned char*>(map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS));
  memcpy(code, "\xb8\x2a\x00\x00\x00\xc3", 6);  // mov $42, %eax; ret
  mprotect(code, kPage, PROT_READ | PROT_EXEC);

  char* shared = map(8 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
  char* twin = static_cast<char*>(mremap(shared, 0, 8 * kPage, MREMAP_MAYMOVE));
  CHECK(twin != MAP_FAILED);
  strcpy(shared + 3 * kPage, "both");
  mprotect(shared + 5 * kPage, kPage, PROT_READ);

  const int data = make_file("data", 'd'), text = make_file("text", 't');
  char* file_shared = map(4 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, data);
  char* file_private = map(4 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, text);
  close(text);
  file_shared[10] = 'S';
  file_private[kPage + 10] = 'P';
  memset(file_private + 2 * kPage, 0, kPage);  // zeros that hide the file's

  char* advised = map(4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  madvise(advised, 4 << 20, MADV_NOHUGEPAGE);
  madvise(advised, kPage, MADV_DONTFORK);
  madvise(advised + kPage, kPage, MADV_WIPEONFORK);
  strcpy(advised, "not in children");
  strcpy(advised + kPage, "empty in children");
  char* locked = map(kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  const bool can_lock = mlock(locked, kPage) == 0;
  strcpy(locked, "locked");
  char* heap = static_cast<char*>(sbrk(1 << 20));
  strcpy(heap + 500000, "heap");
  std::vector<std::string> objects(100000, "a string that is longer than what fits inside");
  subject::stay_until_asked(argv[1], [&] {
    objects[static_cast<size_t>(rand()) % objects.size()] += 'x';
    subject::nap();
  });

  CHECK(resident_kib() < 400 * 1024);  // sparse stayed sparse, though there be huge pages
  for (size_t at = 0; at < 8 * kGiB; at += kGiB / 16) {
    CHECK_EQUAL(sparse[at + 5], static_cast<char>(at / (kGiB / 16) + 1));
    CHECK_EQUAL(sparse[at + 4], 0);
    CHECK_EQUAL(sparse[at + 70000], 0);
  }
  CHECK(faults([&] { static_cast<void>(*static_cast<volatile char*>(secret)); }));
  mprotect(secret, 4 * kPage, PROT_READ);
  CHECK(strcmp(secret + kPage, "hidden") == 0);
  CHECK(strcmp(fixed, "constant") == 0 && faults([&] { *static_cast<volatile char*>(fixed) = 'x'; }));
  CHECK(faults([&] { static_cast<void>(*static_cast<volatile char*>(reserved + kGiB)); }));
  CHECK(mprotect(reserved + kGiB, kPage, PROT_READ | PROT_WRITE) == 0);
  reserved[kGiB] = 1;
  CHECK_EQUAL(reinterpret_cast<int (*)()>(code)(), 42);
  CHECK(strcmp(twin + 3 * kPage, "both") == 0);
  strcpy(twin, "still shared");
  CHECK(strcmp(shared, "still shared") == 0);
  CHECK(faults([&] { *static_cast<volatile char*>(shared + 5 * kPage) = 'x'; }));
  CHECK(file_shared[10] == 'S' && file_shared[11] == 'd');
  file_shared[20] = 'T';
  char byte = 0;
  CHECK(pread(data, &byte, 1, 20) == 1 && byte == 'T');
  CHECK(file_private[10] == 't' && file_private[kPage + 10] == 'P' && file_private[kPage + 11] == 't');
  CHECK(file_private[2 * kPage] == 0 && file_private[3 * kPage - 1] == 0 && file_private[3 * kPage] == 't');
  CHECK(strcmp(advised, "not in children") == 0 && strcmp(advised + kPage, "empty in children") == 0);
  CHECK(has_flag(advised, "dc") && has_flag(advised + kPage, "wf") && has_flag(advised + 8 * kPage, "nh"));
  CHECK(strcmp(locked, "locked") == 0 && (!can_lock || has_flag(locked, "lo")));
  CHECK(strcmp(heap + 500000, "heap") == 0 && sbrk(0) >= heap + (1 << 20));
  CHECK(sbrk(1 << 20) != reinterpret_cast<void*>(-1));
  for (const std::string& s : objects) CHECK(s.starts_with("a string that is longer than what fits inside"));
  return subject::verdict();
}
