// SPDX-License-Identifier: Apache-2.0
// cr_many_files FLAG COUNT CASE: has COUNT descriptors, each with a description of its own: files at places of their
// own, counters and pipes with something in them, an epoll that watches the counters. "raises": after it has raised its
// limit of open files. "shares": a child has all of them, too. "crowd": three children, each with a child, do that.
// "maps": it has a file each mapped, and none open.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

enum class Kind { file, counter, reads, writes };
struct Open {
  int fd;
  Kind kind;
  int number;
};
std::vector<Open> all;
int counters = -1;

int numbered_file(const std::string& flag, int number) {
  const int fd = open((flag + ".file" + std::to_string(number % 7)).c_str(), O_CREAT | O_RDWR, 0600);
  CHECK(fd < 0 || lseek(fd, number, SEEK_SET) == number);
  return fd;
}

void watch(int fd, int number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<unsigned long>(number);
  CHECK(epoll_ctl(counters, EPOLL_CTL_ADD, fd, &event) == 0);
}

void open_all(const std::string& flag, int count) {
  counters = epoll_create1(EPOLL_CLOEXEC);
  while (static_cast<int>(all.size()) < count) {
    const int number = static_cast<int>(all.size()) + 1;
    if (number % 4 == 0) {
      int ends[2];
      CHECK(pipe(ends) == 0 && write(ends[1], &number, sizeof number) == sizeof number);
      all.push_back({ends[0], Kind::reads, number});
      all.push_back({ends[1], Kind::writes, number + 1});
    } else if (number % 4 == 3) {
      all.push_back({eventfd(static_cast<unsigned>(number), EFD_NONBLOCK | EFD_CLOEXEC), Kind::counter, number});
      watch(all.back().fd, number);
    } else {
      all.push_back({numbered_file(flag, number), Kind::file, number});
    }
    if (all.back().fd < 0) {
      CHECK(all.back().fd >= 0);
      return;
    }
  }
}

bool is_as_it_was(const Open& open) {
  unsigned long count = 0;
  int number = 0;
  const int closes = fcntl(open.fd, F_GETFD);
  switch (open.kind) {
    case Kind::file:
      return closes == 0 && lseek(open.fd, 0, SEEK_CUR) == open.number;
    case Kind::counter:
      return closes == FD_CLOEXEC && read(open.fd, &count, sizeof count) == sizeof count &&
             count == static_cast<unsigned long>(open.number);
    case Kind::reads:
      return closes == 0 && read(open.fd, &number, sizeof number) == sizeof number && number == open.number;
    case Kind::writes:
      return closes == 0 && write(open.fd, &open.number, sizeof open.number) == sizeof open.number;
  }
  return false;
}

void check_all() {
  int watched = 0;
  for (const Open& open : all) watched += open.kind == Kind::counter ? 1 : 0;
  std::vector<epoll_event> events(all.size() + 1);
  CHECK_EQUAL(epoll_wait(counters, events.data(), static_cast<int>(events.size()), 0), watched);
  for (const Open& open : all) {
    if (!is_as_it_was(open)) subject::fail(__FILE__, __LINE__, "descriptor " + std::to_string(open.fd));
  }
}

void raise_limit() {
  rlimit limit{};
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

// Its descriptors are the same descriptions: a file's place moves for both.
int share(const char* flag) {
  while (access(flag, F_OK) != 0) subject::nap();
  for (const Open& open : all) {
    if (open.kind == Kind::file && lseek(open.fd, 1000, SEEK_CUR) != open.number + 1000) return 1;
  }
  return 0;
}

// The pipe tells that they are all there.
int crowd(const char* flag, int count) {
  int ready[2];
  CHECK(pipe(ready) == 0);
  for (int i = 0; i < 3; ++i) {
    if (fork() != 0) continue;
    open_all(flag, count);
    const pid_t child = fork();
    if (child > 0 && subject::failures == 0) CHECK(write(ready[1], "", 1) == 1);
    while (access(flag, F_OK) != 0) subject::nap();
    _exit(child == 0 || waitpid(child, nullptr, 0) == child ? 0 : 1);
  }
  char byte = 0;
  for (int i = 0; i < 3; ++i) CHECK(read(ready[0], &byte, 1) == 1);
  subject::stay_until_asked(flag, subject::nap);
  for (int status = 0; wait(&status) > 0;) CHECK_EQUAL(status, 0);
  return subject::verdict();
}

int map_all(const char* flag, int count) {
  std::vector<const int*> maps;
  for (int number = 0; number < count; ++number) {
    const std::string name = std::string(flag) + ".mapped" + std::to_string(number);
    const int fd = open(name.c_str(), O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && write(fd, &number, sizeof number) == sizeof number);
    maps.push_back(static_cast<const int*>(mmap(nullptr, sizeof number, PROT_READ, MAP_SHARED, fd, 0)));
    CHECK(maps.back() != MAP_FAILED && close(fd) == 0);
  }
  subject::stay_until_asked(flag, subject::nap);
  for (int number = 0; number < count; ++number) CHECK_EQUAL(*maps[static_cast<std::size_t>(number)], number);
  return subject::verdict();
}

}  // namespace

int main(int, char** argv) {
  const std::string what = argv[3];
  if (what == "maps") return map_all(argv[1], atoi(argv[2]));
  if (what == "crowd") return crowd(argv[1], atoi(argv[2]));
  if (what.find("raises") != what.npos) raise_limit();
  open_all(argv[1], atoi(argv[2]));
  const pid_t child = what.find("shares") != what.npos ? fork() : -1;
  if (child == 0) _exit(share(argv[1]));
  subject::stay_until_asked(argv[1], subject::nap);
  if (child > 0) {
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (Open& open : all) open.number += open.kind == Kind::file ? 1000 : 0;
  }
  check_all();
  return subject::verdict();
}
