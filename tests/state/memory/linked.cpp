// SPDX-License-Identifier: Apache-2.0
// Memory and descriptors of files that are not at the path by which they were made, but at another one: libc makes
// semaphores with names under another, and links them; O_TMPFILE has none before that. The kernel shows both as
// deleted.
#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

constexpr size_t kSize = 4096;

// A file that was made by O_TMPFILE, and linked.
int make_linked(const std::string& directory, const std::string& path) {
  const int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  CHECK_EQUAL(ftruncate(fd, kSize), 0);
  CHECK_EQUAL(
      linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW), 0);
  return fd;
}

char* map_shared(int fd) {
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  return static_cast<char*>(memory);
}

// As another process sees it, that comes now.
std::string content(const std::string& path, size_t size) {
  std::string bytes(size, 0);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  CHECK_EQUAL(pread(fd, bytes.data(), size, 0), static_cast<ssize_t>(size));
  close(fd);
  return bytes;
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const std::string flag = argv[1];
  const std::string directory = flag.substr(0, flag.rfind('/'));
  const std::string name = "/test-linked-" + std::to_string(getpid());
  const std::string mapped_path = directory + "/mapped", open_path = directory + "/open";

  sem_t* const semaphore = sem_open(name.c_str(), O_CREAT | O_EXCL, 0600, 3);
  CHECK(semaphore != SEM_FAILED);
  const int made = make_linked(directory, mapped_path);
  char* const mapped = map_shared(made);
  close(made);
  memcpy(mapped, "before", 6);
  const int still_open = make_linked(directory, open_path);
  CHECK_EQUAL(write(still_open, "before ", 7), ssize_t{7});

  subject::stay_until_asked(argv[1], subject::nap);

  CHECK_EQUAL(sem_post(semaphore), 0);
  int value = 0;
  CHECK_EQUAL(sem_getvalue(semaphore, &value), 0);
  CHECK_EQUAL(value, 4);
  const std::string now(reinterpret_cast<const char*>(semaphore), sizeof(sem_t));
  CHECK(content("/dev/shm/sem." + name.substr(1), sizeof(sem_t)) == now);
  CHECK(memcmp(mapped, "before", 6) == 0);
  memcpy(mapped, "behind", 6);
  CHECK(content(mapped_path, 6) == "behind");
  CHECK_EQUAL(write(still_open, "behind", 6), ssize_t{6});
  CHECK(content(open_path, 13) == "before behind");
  sem_unlink(name.c_str());
  return subject::verdict();
}
