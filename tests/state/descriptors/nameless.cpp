// SPDX-License-Identifier: Apache-2.0
// Files without a path: deleted ones, O_TMPFILE, memfds with seals; open, mapped, or both; shared by several
// descriptors.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

constexpr std::size_t page = 4096;

std::string content(int fd) {
  struct stat status {};
  fstat(fd, &status);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  CHECK_EQUAL(pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return text;
}

void put(int fd, const std::string& text) {
  CHECK_EQUAL(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

char* map(int fd, int prot, int flags, std::size_t length = page) {
  void* p = mmap(nullptr, length, prot, flags, fd, 0);
  CHECK(p != MAP_FAILED);
  return static_cast<char*>(p);
}

nlink_t links(int fd) {
  struct stat status {};
  fstat(fd, &status);
  return status.st_nlink;
}

int deleted(const char* name, const std::string& text) {
  const int fd = open(name, O_CREAT | O_RDWR, 0640);
  put(fd, text);
  CHECK(unlink(name) == 0);
  return fd;
}

}  // namespace

int main(int, char** argv) {
  const int plain = deleted("gone", "some text that stays");
  CHECK_EQUAL(lseek(plain, 5, SEEK_SET), 5);
  const int same = dup(plain);
  const std::string of_plain = "/proc/self/fd/" + std::to_string(plain);
  const int reading = open(of_plain.c_str(), O_RDONLY), appending = open(of_plain.c_str(), O_WRONLY | O_APPEND);
  const int empty = deleted("empty", "");
  const int temporary = open(".", O_TMPFILE | O_RDWR, 0600);
  put(temporary, "scratch");
  const int temporary_of_none = open(".", O_TMPFILE | O_RDWR, 0);
  put(temporary_of_none, "of nobody");
  std::string much(3 << 20, '\0');
  for (std::size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * i >> 7);
  const int large = deleted("large", much);

  // Open and mapped; mapped only; privately.
  const int both = deleted("both", std::string(2 * page, 'b'));
  char* const shared = map(both, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * page);
  char* const again = map(both, PROT_READ, MAP_SHARED, 2 * page);
  char* const own = map(both, PROT_READ | PROT_WRITE, MAP_PRIVATE, 2 * page);
  shared[1] = 'S';
  own[page] = 'O';
  const int read_only = deleted("read", std::string(page, 'r'));
  const int read_only_view = open(("/proc/self/fd/" + std::to_string(read_only)).c_str(), O_RDONLY);
  char* const looked_at = map(read_only_view, PROT_READ, MAP_SHARED);
  const int mapped = deleted("mapped", std::string(2 * page, 'm'));
  char* const only_mapped = map(mapped, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * page);
  char* const other_view = map(mapped, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * page);
  close(mapped);
  const std::string shm = "/test-nameless-" + std::to_string(getpid());
  const int memory = shm_open(shm.c_str(), O_CREAT | O_RDWR, 0600);
  CHECK(memory >= 0 && ftruncate(memory, page) == 0 && shm_unlink(shm.c_str()) == 0);
  char* const of_memory = map(memory, PROT_READ | PROT_WRITE, MAP_SHARED);
  strcpy(of_memory, "in memory");

  // memfds.
  const int memfd = memfd_create("some memory", MFD_CLOEXEC);
  put(memfd, "hello");
  const int sealable = memfd_create("sealed", MFD_ALLOW_SEALING);
  put(sealable, std::string(page, 's'));
  CHECK(fcntl(sealable, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE) == 0);
  char* const of_sealed = map(sealable, PROT_READ, MAP_SHARED);
  const int later = memfd_create("later", MFD_ALLOW_SEALING);
  CHECK(ftruncate(later, page) == 0);
  char* const still_writable = map(later, PROT_READ | PROT_WRITE, MAP_SHARED);
  CHECK(fcntl(later, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0);
  const int sparse = memfd_create("sparse", MFD_ALLOW_SEALING);
  const int sparse_on_disk = deleted("sparse", "");
  for (const int fd : {sparse, sparse_on_disk})
    CHECK(ftruncate(fd, 4L << 30) == 0 && pwrite(fd, "x", 1, 3L << 30) == 1);

  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    ++steps;
    memcpy(shared + 16, &steps, sizeof steps);
    memcpy(only_mapped + 16, &steps, sizeof steps);
    memcpy(still_writable, &steps, sizeof steps);
    CHECK_EQUAL(pwrite(empty, &steps, sizeof steps, 0), static_cast<ssize_t>(sizeof steps));
    subject::nap();
  });

  CHECK_EQUAL(lseek(plain, 0, SEEK_CUR), 5);
  CHECK(content(reading) == "some text that stays");
  char text[16] = "";
  CHECK(read(same, text, 4) == 4 && strcmp(text, "text") == 0);
  CHECK_EQUAL(lseek(plain, 0, SEEK_CUR), 9);
  CHECK_EQUAL(lseek(reading, 0, SEEK_CUR), 0);
  put(appending, "!");
  CHECK(content(plain) == "some text that stays!");
  CHECK(write(reading, "x", 1) < 0 && errno == EBADF);
  CHECK_EQUAL(links(plain), 0UL);
  struct stat status {};
  CHECK(fstat(plain, &status) == 0 && (status.st_mode & 07777) == 0640);
  CHECK(access("gone", F_OK) != 0);
  unsigned long seen = 0;
  CHECK(pread(empty, &seen, sizeof seen, 0) == sizeof seen);
  CHECK_EQUAL(seen, steps);
  CHECK(content(temporary) == "scratch" && content(temporary_of_none) == "of nobody");
  CHECK(fstat(temporary_of_none, &status) == 0 && (status.st_mode & 07777) == 0);
  CHECK(content(large) == much);

  CHECK(shared[1] == 'S' && shared[page] == 'b' && own[page] == 'O' && own[2 * page - 1] == 'b');
  CHECK(memcmp(shared + 16, &steps, sizeof steps) == 0);
  shared[2] = 'T';
  CHECK(again[2] == 'T' && content(both)[2] == 'T' && content(both)[page] == 'b');
  CHECK(pwrite(both, "U", 1, 3) == 1 && again[3] == 'U');
  CHECK(pwrite(read_only, "W", 1, 7) == 1 && looked_at[7] == 'W' && looked_at[8] == 'r');
  CHECK(mprotect(looked_at, page, PROT_READ | PROT_WRITE) != 0);
  CHECK(memcmp(only_mapped + 16, &steps, sizeof steps) == 0);
  CHECK(only_mapped[2 * page - 1] == 'm');
  only_mapped[9] = 'V';
  CHECK(other_view[9] == 'V');
  CHECK(strcmp(of_memory, "in memory") == 0 && content(memory).substr(0, 9) == "in memory");
  of_memory[0] = 'I';
  CHECK(content(memory)[0] == 'I');

  CHECK(content(memfd) == "hello" && (fcntl(memfd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_EQUAL(fcntl(memfd, F_GET_SEALS), F_SEAL_SEAL);
  put(memfd, " again");
  CHECK(content(memfd) == "hello again");
  CHECK_EQUAL(fcntl(sealable, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE);
  CHECK(write(sealable, "x", 1) < 0 && errno == EPERM);
  CHECK(of_sealed[0] == 's' && content(sealable) == std::string(page, 's'));
  CHECK(fcntl(sealable, F_ADD_SEALS, F_SEAL_SEAL) == 0);
  CHECK_EQUAL(fcntl(later, F_GET_SEALS), F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
  CHECK(memcmp(still_writable, &steps, sizeof steps) == 0);
  still_writable[0] = 'L';
  CHECK(content(later)[0] == 'L');
  CHECK(write(later, "x", 1) < 0 && errno == EPERM);
  for (const int fd : {sparse, sparse_on_disk}) {
    CHECK(pread(fd, text, 1, 3L << 30) == 1 && text[0] == 'x');
    CHECK(fstat(fd, &status) == 0 && status.st_size == 4L << 30 && status.st_blocks < (8 << 20) / 512);
  }
  return subject::verdict();
}
