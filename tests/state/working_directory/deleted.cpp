// SPDX-License-Identifier: Apache-2.0
// cr_deleted_directory FLAG: processes whose working directories have been deleted: one alone, one with the directory
// above it, one whose name somebody has given to another one since.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <string>

#include "tests/lib/subject.hpp"

namespace {

std::string place;  // where there are directories

std::string path_of(const char* name) { return place + "/" + name; }

unsigned long inode_of(const char* path) {
  struct stat status {};
  CHECK(stat(path, &status) == 0);
  return status.st_ino;
}

std::string shown() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/cwd", path, sizeof path);
  return std::string(path, n > 0 ? static_cast<std::size_t>(n) : 0);
}

// Nobody can find it, nothing is in it and nothing can be made in it; its mode is what it was.
void check_deleted() {
  char path[4096];
  CHECK(getcwd(path, sizeof path) == nullptr && errno == ENOENT);
  struct stat status {};
  CHECK(stat(".", &status) == 0 && status.st_nlink == 0 && (status.st_mode & 07777) == 01751);
  CHECK(open("file", O_CREAT | O_WRONLY, 0600) < 0 && errno == ENOENT);
  CHECK(mkdir("directory", 0700) != 0 && errno == ENOENT);
  DIR* const list = opendir(".");
  CHECK(list != nullptr && readdir(list) == nullptr);
  closedir(list);
}

void enter(const std::string& path) {
  CHECK(mkdir(path.c_str(), 0700) == 0 && chmod(path.c_str(), 01751) == 0 && chdir(path.c_str()) == 0);
}

// Both are gone, and the way up leads through the one above.
[[noreturn]] void be_below(int life, int ready) {
  const std::string above = path_of("above");
  CHECK(mkdir(above.c_str(), 0700) == 0);
  enter(above + "/below");
  CHECK(rmdir((above + "/below").c_str()) == 0 && rmdir(above.c_str()) == 0);
  CHECK(write(ready, "r", 1) == 1);
  char byte = 0;
  while (read(life, &byte, 1) < 0 && errno == EINTR) {
  }
  check_deleted();
  CHECK(shown() == above + "/below (deleted)");
  CHECK(chdir("..") == 0 && getcwd(nullptr, 0) == nullptr && errno == ENOENT);
  CHECK(chdir("..") == 0 && inode_of(".") == inode_of(place.c_str()));
  _exit(subject::failures);
}

}  // namespace

int main(int, char** argv) {
  place = std::string(argv[1]) + ".places";
  if (mkdir(place.c_str(), 0700) != 0) CHECK(errno == EEXIST);
  int life[2], ready[2];
  CHECK(pipe(life) == 0 && pipe(ready) == 0);
  const pid_t below = fork();
  if (below == 0) {
    close(life[1]);
    be_below(life[0], ready[1]);
  }
  char byte = 0;
  CHECK(read(ready[0], &byte, 1) == 1);
  const std::string taken = path_of("taken"), alone = path_of("alone");
  enter(taken);
  CHECK(rmdir(taken.c_str()) == 0 && mkdir(taken.c_str(), 0700) == 0);
  CHECK(mkdir((taken + " (deleted)").c_str(), 0700) == 0);  // as the kernel shows it
  const pid_t child = fork();
  if (child == 0) {
    close(life[1]);
    enter(alone);
    CHECK(rmdir(alone.c_str()) == 0);
    CHECK(write(ready[1], "r", 1) == 1);
    while (read(life[0], &byte, 1) < 0 && errno == EINTR) {
    }
    check_deleted();
    CHECK(shown() == alone + " (deleted)");
    CHECK(chdir("..") == 0 && inode_of(".") == inode_of(place.c_str()));
    _exit(subject::failures);
  }
  CHECK(read(ready[0], &byte, 1) == 1);

  subject::stay_until_asked(argv[1], subject::nap);

  close(life[1]);
  for (const pid_t one : {below, child}) {
    int status = 0;
    CHECK(waitpid(one, &status, 0) == one && status == 0);
  }
  check_deleted();
  CHECK(shown().starts_with(taken) && shown().ends_with(" (deleted)") && inode_of(".") != inode_of(taken.c_str()));
  CHECK(chdir("..") == 0 && inode_of(".") == inode_of(place.c_str()));
  // Nothing has been left there.
  CHECK(rmdir(taken.c_str()) == 0 && rmdir((taken + " (deleted)").c_str()) == 0 && rmdir(place.c_str()) == 0);
  return subject::verdict();
}
