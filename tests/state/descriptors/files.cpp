// SPDX-License-Identifier: Apache-2.0
// Open files: offsets, append, shared and separate open file descriptions, close-on-exec, devices, directories,
// working directory, umask. Runs in a directory of its own.
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/lib/subject.hpp"

namespace {

long position(int fd) { return lseek(fd, 0, SEEK_CUR); }

void write_text(int fd, const char* text) {
  CHECK(write(fd, text, strlen(text)) == static_cast<ssize_t>(strlen(text)));
}

std::string read_text(int fd, size_t n) {
  std::string text(n, '\0');
  text.resize(static_cast<size_t>(read(fd, text.data(), n)));
  return text;
}

int path_of(const char* name, mode_t type) {
  struct stat status {};
  const int fd = open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  CHECK(fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type);
  return fd;
}

void make_socket(const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  strcpy(address.sun_path, name);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  close(fd);
}

// Is it still the same?
void check_path(int fd, const char* name, mode_t type) {
  struct stat open_one {
  }, there{};
  CHECK(fstat(fd, &open_one) == 0 && lstat(name, &there) == 0);
  CHECK(open_one.st_ino == there.st_ino && (open_one.st_mode & S_IFMT) == type);
  CHECK((fcntl(fd, F_GETFL) & (O_PATH | O_NOFOLLOW)) == (O_PATH | O_NOFOLLOW) &&
        (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

}  // namespace

int main(int, char** argv) {
  const int out = open("out", O_CREAT | O_TRUNC | O_RDWR, 0644);
  write_text(out, "0123456789");
  const int shared = fcntl(out, F_DUPFD, 40);
  const int shared_on_exec = fcntl(out, F_DUPFD_CLOEXEC, 50);
  const int own = open("out", O_RDONLY | O_CLOEXEC);
  lseek(own, 3, SEEK_SET);
  const int append = open("log", O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
  write_text(append, "first\n");
  const int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY);
  const int random = open("/dev/urandom", O_RDONLY);
  CHECK(mkfifo("fifo", 0600) == 0 && symlink("/nowhere/at all", "link") == 0);
  make_socket("socket");
  const int fifo = path_of("fifo", S_IFIFO), link = path_of("link", S_IFLNK), name = path_of("socket", S_IFSOCK);
  mkdir("below", 0755);
  DIR* directory = opendir(".");
  CHECK(chdir("below") == 0);
  umask(027);
  const int status = open("/proc/self/status", O_RDONLY);
  subject::stay_until_asked(argv[1], [&] {
    lseek(shared, 10, SEEK_SET);
    subject::nap();
  });

  lseek(out, 5, SEEK_SET);
  CHECK_EQUAL(position(shared), 5L);
  CHECK_EQUAL(position(shared_on_exec), 5L);
  CHECK_EQUAL(position(own), 3L);
  CHECK(read_text(own, 2) == "34");
  CHECK_EQUAL(position(own), 5L);
  CHECK((fcntl(shared_on_exec, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(shared, F_GETFD) & FD_CLOEXEC) == 0);
  CHECK((fcntl(own, F_GETFL) & O_ACCMODE) == O_RDONLY);
  CHECK((fcntl(append, F_GETFL) & O_APPEND) != 0);
  write_text(append, "second\n");
  CHECK_EQUAL(position(append), 13L);
  CHECK(read_text(zero, 4) == std::string(4, '\0'));
  CHECK(read_text(random, 16).size() == 16);
  write_text(null, "gone");
  bool found = false;
  for (const dirent* entry = readdir(directory); entry != nullptr; entry = readdir(directory))
    found |= strcmp(entry->d_name, "below") == 0;
  CHECK(found);
  char cwd[4096];
  CHECK(getcwd(cwd, sizeof cwd) != nullptr && std::string(cwd).ends_with("/below"));
  check_path(fifo, "../fifo", S_IFIFO);
  check_path(link, "../link", S_IFLNK);
  check_path(name, "../socket", S_IFSOCK);
  const ssize_t length = readlinkat(link, "", cwd, sizeof cwd);
  CHECK(length > 0 && std::string(cwd, static_cast<size_t>(length)) == "/nowhere/at all");
  CHECK_EQUAL(umask(0), static_cast<mode_t>(027));
  CHECK(read_text(status, 5) == "Name:");
  const int next = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(next, status + 1);  // nothing of the host's in between
  return subject::verdict();
}
