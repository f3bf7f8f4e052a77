// SPDX-License-Identifier: Apache-2.0
// cr_record_locks FLAG ALONE|TREE: holds locks of the process on files (F_SETLK, lockf): of ones that are mapped, in
// memory, deleted, open several times; with TREE a child, too, which has inherited the descriptors but none of the
// locks. That they are held is asked by processes that end at once.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <string>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

constexpr std::size_t kPage = 4096;
constexpr int kPieces = 40;

int lock(int fd, int command, short type, off_t start, off_t length) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = start;
  range.l_len = length;
  const int result = fcntl(fd, command, &range);
  return command == F_GETLK ? range.l_type : result;
}
bool take(int fd, short type, off_t start, off_t length) { return lock(fd, F_SETLK, type, start, length) == 0; }

// In a process that has no lock. It must not open the file: that would be another description.
bool others_may(int fd, short type, off_t start, off_t length) {
  const pid_t child = fork();
  if (child == 0) _exit(lock(fd, F_GETLK, type, start, length) == F_UNLCK ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return status == 0;
}

int make(const std::string& name, std::size_t size) {
  const int fd = open(name.c_str(), O_CREAT | O_RDWR, 0600);
  CHECK(fd >= 0 && ftruncate(fd, static_cast<off_t>(size)) == 0);
  return fd;
}

// Shown in many pieces, so that it would be written back as a whole.
std::vector<char*> show_in_pieces(int fd) {
  std::vector<char*> pieces;
  for (int i = 0; i < kPieces; ++i) {
    void* at = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, i * 2 * static_cast<off_t>(kPage));
    CHECK(at != MAP_FAILED);
    pieces.push_back(static_cast<char*>(at));
    *pieces.back() = static_cast<char>(i);
  }
  return pieces;
}

struct Files {
  int ranges = make("ranges", 0), reading = -1;
  int mapped = make("mapped", kPieces * 2 * kPage), copied = make("copied", kPage);
  int memory = -1, gone = make("gone", kPage);
  std::vector<char*> pieces = show_in_pieces(mapped), in_memory;
  char* copy = nullptr;

  Files() {
    const std::string name = "/dev/shm/test-record-locks-" + std::to_string(getpid());
    memory = make(name, kPieces * 2 * kPage);
    unlink("gone");
    in_memory = show_in_pieces(memory);
    copy = static_cast<char*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, copied, 0));
    reading = open("ranges", O_RDONLY);
    CHECK(take(ranges, F_WRLCK, 10, 5) && take(reading, F_RDLCK, 100, 0) && take(ranges, F_WRLCK, 50, 1));
    CHECK(pwrite(gone, "content", 7, 0) == 7 && pwrite(copied, "content", 7, 0) == 7);
    strcpy(copy + 7, ", changed");
    lseek(mapped, 1, SEEK_SET);
    CHECK(lockf(mapped, F_LOCK, 0) == 0 && take(copied, F_WRLCK, 0, 0) && take(memory, F_WRLCK, 0, 1));
    CHECK(take(gone, F_WRLCK, 3, 1));
  }
  void check() const {
    CHECK(!others_may(ranges, F_RDLCK, 10, 1) && !others_may(ranges, F_RDLCK, 14, 1));
    CHECK(others_may(ranges, F_WRLCK, 15, 35) && !others_may(ranges, F_RDLCK, 50, 1));
    CHECK(others_may(ranges, F_RDLCK, 100, 0) && !others_may(ranges, F_WRLCK, 1000000, 1));
    CHECK(others_may(mapped, F_WRLCK, 0, 1) && !others_may(mapped, F_RDLCK, 1, 0));
    CHECK(!others_may(copied, F_RDLCK, 0, 0) && !others_may(memory, F_RDLCK, 0, 1) &&
          others_may(memory, F_RDLCK, 1, 0));
    CHECK(!others_may(gone, F_RDLCK, 3, 1) && others_may(gone, F_WRLCK, 4, 0));
    char text[8] = {};
    CHECK(pread(gone, text, 7, 0) == 7 && strcmp(text, "content") == 0 && strcmp(copy, "content, changed") == 0);
    for (int i = 0; i < kPieces; ++i)
      CHECK(*pieces[i] == static_cast<char>(i) && *in_memory[i] == static_cast<char>(i));
    CHECK(take(ranges, F_UNLCK, 10, 5) && others_may(ranges, F_WRLCK, 10, 5));
    close(reading);  // all of the file's are gone
    CHECK(others_may(ranges, F_WRLCK, 0, 0));
    unlink(("/dev/shm/test-record-locks-" + std::to_string(made_by)).c_str());
  }
  pid_t made_by = getpid();
};

// It has locks by the same descriptors, of which its parent has none.
int live_as_child(const char* flag, const Files& files, int own) {
  CHECK(take(own, F_WRLCK, 5, 5));
  printf("READY\n");
  fflush(stdout);
  while (access(flag, F_OK) != 0) subject::nap();
  CHECK(lock(own, F_GETLK, F_WRLCK, 0, 1) != F_UNLCK);  // its parent's
  CHECK(!others_may(own, F_RDLCK, 5, 1) && others_may(own, F_RDLCK, 10, 0));
  CHECK(lock(files.ranges, F_GETLK, F_WRLCK, 10, 1) != F_UNLCK);
  return subject::failures;
}

}  // namespace

int main(int, char** argv) {
  const Files files;
  const bool tree = strcmp(argv[2], "TREE") == 0;
  const int common = make("common", 0);
  CHECK(take(common, F_WRLCK, 0, 1));
  pid_t child = -1;
  const std::string checked = std::string(argv[1]) + ".child";
  if (tree && (child = fork()) == 0) _exit(live_as_child(checked.c_str(), files, common));
  while (tree && others_may(common, F_RDLCK, 5, 1)) subject::nap();
  subject::stay_until_asked(argv[1], subject::nap);

  if (tree) {
    CHECK(lock(common, F_GETLK, F_WRLCK, 5, 1) != F_UNLCK);
    CHECK(!others_may(common, F_WRLCK, 0, 1));
    close(open(checked.c_str(), O_CREAT | O_WRONLY, 0600));
    int status = -1;
    CHECK(waitpid(-1, &status, 0) > 0 && status == 0);  // its number may be another
    CHECK(lock(common, F_GETLK, F_WRLCK, 5, 1) == F_UNLCK);
  }
  files.check();
  return subject::verdict();
}
