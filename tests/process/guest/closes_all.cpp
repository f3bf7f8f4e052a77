// SPDX-License-Identifier: Apache-2.0
// closes_all FLAG CASE: a program that closes every descriptor above 2, in every way there is, as daemons and starters
// do, and makes new ones, whose numbers must be the lowest that are free, while checkpoints of it are asked for and
// taken.
//   closes_all --list     prints which descriptors it was started with
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"
#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

namespace {

constexpr int kLoopEnd = 1100;  // beyond what select() can do
constexpr int kMade = 16;       // how many descriptors make() makes

std::string self;

std::string numbers_in(const char* directory_path) {
  std::string text;
  DIR* directory = opendir(directory_path);
  if (directory == nullptr) return "none";
  while (const dirent* entry = readdir(directory)) {
    const int fd = atoi(entry->d_name);
    if (entry->d_name[0] == '.' || fd == dirfd(directory)) continue;
    // What its host had for a moment is gone by now.
    if (!cairn_is_hosted() || (CAIRN_TABLE->is_host_fd(fd) == 0 && fcntl(fd, F_GETFD) != -1))
      text += std::string(entry->d_name) + " ";
  }
  closedir(directory);
  return text;
}

// What is there now is gone after a call of these.
void by_loop() {
  for (int fd = 3; fd < kLoopEnd; ++fd) close(fd);
}
void by_system_calls() {
  for (int fd = 3; fd < kLoopEnd; ++fd) syscall(SYS_close, fd);
}
void by_range() { CHECK_EQUAL(close_range(3, ~0U, 0), 0); }
void by_range_call() { CHECK_EQUAL(syscall(SYS_close_range, 3, ~0U, 0), 0L); }
void by_closefrom() { closefrom(3); }
void by_small_ranges() {
  for (unsigned fd = 3; fd < kLoopEnd; fd += 7) close_range(fd, fd + 6, 0);
}
void by_walk() {
  DIR* directory = opendir("/proc/self/fd");
  CHECK(directory != nullptr);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    const int fd = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd > 2 && fd != dirfd(directory)) close(fd);
  }
  closedir(directory);
}
// Any number may be put to use by its name.
void by_dup2() {
  for (int fd = 3; fd < 60; ++fd) {
    CHECK_EQUAL(fd % 2 == 0 ? dup2(0, fd) : dup3(0, fd, O_CLOEXEC), fd);
    CHECK_EQUAL(fcntl(fd, F_GETFD), fd % 2 == 0 ? 0 : FD_CLOEXEC);
  }
  for (int fd = 3; fd < 60; ++fd) CHECK_EQUAL(close(fd), 0);
}
void by_dup2_calls() {
  for (int fd = 3; fd < 60; ++fd)
    CHECK_EQUAL(fd % 2 == 0 ? syscall(SYS_dup2, 0, fd) : syscall(SYS_dup3, 0, fd, 0), static_cast<long>(fd));
  for (int fd = 3; fd < 60; ++fd) CHECK_EQUAL(close(fd), 0);
}

// What a child is started with, in a file of its own.
class List {
 public:
  List() {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    name_ = "list-" + std::to_string(time.tv_sec) + "-" + std::to_string(time.tv_nsec);
  }
  const char* name() const { return name_.c_str(); }
  // A process that ended before the checkpoint has ended after a restart, too; its file has been read since.
  void look() const {
    if (CAIRN_TABLE->generation != generation_) return;
    FILE* const list = fopen(name(), "r");
    char line[512] = {};
    CHECK(list != nullptr && fgets(line, sizeof line, list) != nullptr);
    if (list != nullptr) fclose(list);
    unlink(name());
    if (strcmp(line, "0 1 2 \n") != 0)
      subject::fail(__FILE__, __LINE__, std::string("a program was started with descriptors ") + line);
  }

 private:
  std::string name_;
  std::uint64_t generation_ = CAIRN_TABLE->generation;
};

// A child closes all and executes a program.
void in_child(void (*close_all)()) {
  const List list;
  const pid_t child = fork();
  if (child == 0) {
    close_all();
    const int fd = open(list.name(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 3 || dup2(fd, 1) != 1 || close(fd) != 0) _exit(1);
    execl(self.c_str(), self.c_str(), "--list", nullptr);
    _exit(2);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_EQUAL(status, 0);
  list.look();
}
void keep_from_programs() { close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); }
void unshared() { close_range(3, ~0U, CLOSE_RANGE_UNSHARE); }

void by_spawn() {
  const List list;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, list.name(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 800);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  char to_list[] = "--list";
  char* const argv[] = {self.data(), to_list, nullptr};
  pid_t child = -1;
  CHECK_EQUAL(posix_spawn(&child, self.c_str(), &actions, nullptr, argv, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK_EQUAL(status, 0);
  list.look();
}

#define IS(made, number)                                                                                             \
  do {                                                                                                               \
    const int made_ = (made);                                                                                        \
    if (made_ != (number))                                                                                           \
      subject::fail(__FILE__, __LINE__, #made " made " + std::to_string(made_) + ", not " + std::to_string(number)); \
  } while (0)

// Fills 3 to 2 + kMade; each call must get the lowest number.
void make() {
  int pair[2];
  IS(open("/dev/null", O_RDONLY), 3);
  IS(dup(3), 4);
  CHECK_EQUAL(pipe(pair), 0);
  IS(pair[0], 5);
  IS(pair[1], 6);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  IS(pair[0], 7);
  IS(pair[1], 8);
  IS(eventfd(0, EFD_CLOEXEC), 9);
  IS(epoll_create1(0), 10);
  IS(memfd_create("mine", 0), 11);
  IS(fcntl(3, F_DUPFD, 3), 12);
  IS(openat(AT_FDCWD, "/dev/zero", O_RDONLY), 13);
  IS(socket(AF_INET, SOCK_DGRAM, 0), 14);
  FILE* const file = fopen("/dev/null", "r");
  CHECK(file != nullptr);
  if (file != nullptr) IS(fileno(file), 15);
  IS(fcntl(3, F_DUPFD_CLOEXEC, 0), 16);
  CHECK_EQUAL(pipe2(pair, O_CLOEXEC), 0);
  IS(pair[0], 17);
  IS(pair[1], 18);
  IS(fcntl(3, F_DUPFD, 500), 500);
  if (file != nullptr) fclose(file);
  IS(dup2(3, 15), 15);
}

// The same with what a checkpoint can save.
void make_plain() {
  IS(open("/dev/null", O_RDONLY), 3);
  IS(dup(3), 4);
  IS(eventfd(0, EFD_CLOEXEC), 5);
  IS(openat(AT_FDCWD, "/dev/zero", O_RDONLY), 6);
  IS(fcntl(3, F_DUPFD, 3), 7);
  FILE* const file = fopen("/dev/null", "r");
  CHECK(file != nullptr);
  if (file != nullptr) IS(fileno(file), 8);
  IS(fcntl(3, F_DUPFD_CLOEXEC, 0), 9);
  IS(fcntl(3, F_DUPFD, 500), 500);
  if (file != nullptr) fclose(file);
  IS(creat("created", 0600), 8);
  struct stat status {};
  CHECK(fstat(4, &status) == 0 && S_ISCHR(status.st_mode) && minor(status.st_rdev) == 3);
  CHECK(fstat(6, &status) == 0 && S_ISCHR(status.st_mode) && minor(status.st_rdev) == 5);
  CHECK(fstat(8, &status) == 0 && S_ISREG(status.st_mode));
  CHECK_EQUAL(eventfd_write(5, 1), 0);
}

// They are what was made, not something that came there meanwhile.
void use() {
  struct stat status {};
  CHECK(fstat(3, &status) == 0 && S_ISCHR(status.st_mode) && minor(status.st_rdev) == 3);
  CHECK(fstat(13, &status) == 0 && S_ISCHR(status.st_mode) && minor(status.st_rdev) == 5);
  char c = 0;
  CHECK(write(6, "p", 1) == 1 && read(5, &c, 1) == 1 && c == 'p');
  CHECK(write(8, "s", 1) == 1 && read(7, &c, 1) == 1 && c == 's');
  CHECK(write(18, "q", 1) == 1 && read(17, &c, 1) == 1 && c == 'q');
  CHECK(pwrite(11, "m", 1, 0) == 1 && pread(11, &c, 1, 0) == 1 && c == 'm');
  CHECK_EQUAL(eventfd_write(9, 1), 0);
}

void check_gone() {
  for (int fd = 3; fd < 3 + kMade; ++fd) CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF);
  CHECK(fcntl(500, F_GETFD) == -1);
}

// What a daemon does with its standard descriptors.
void replace_standard_input() {
  close(0);
  IS(open("/dev/null", O_RDONLY), 0);
}

constexpr void (*kWays[])() = {by_loop,         by_system_calls, by_range, by_range_call, by_closefrom,
                               by_small_ranges, by_walk,         by_dup2,  by_dup2_calls};

void closing(long turn) {
  if (turn % 16 == 0) {
    make();
    use();
  } else {
    make_plain();
  }
  const auto way = kWays[static_cast<unsigned long>(turn) % std::size(kWays)];
  way();
  if (way == by_dup2 || way == by_dup2_calls) close(500);
  check_gone();
  replace_standard_input();
}

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// While there is a child nothing can be saved: it has none for as long as it had one.
void starting(long turn) {
  const double begun = now();
  constexpr void (*kChildWays[])() = {by_loop, by_range, by_closefrom, by_walk, keep_from_programs, unshared};
  IS(open("/dev/null", O_RDONLY), 3);
  IS(fcntl(3, F_DUPFD, 700), 700);
  if (turn % 4 == 3) {
    by_spawn();
  } else {
    in_child(kChildWays[static_cast<unsigned long>(turn) % std::size(kChildWays)]);
  }
  close(3);
  close(700);
  const double end = 2 * now() - begun;
  for (long more = 1; now() < end; ++more) closing(more);
}

// It asks for its own checkpoints, now and then or one after the other, and closes all meanwhile; others get their
// turn, too.
void asking(long turn, long pause) {
  static long next = 0;
  static cr_checkpoint_handle_t handle = 0;
  static bool asked = false;
  if (!asked && turn >= next) {
    cr_checkpoint_args_t args;
    cr_initialize_checkpoint_args_t(&args);
    const int fd = open("own", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    IS(fd, 3);
    args.cr_fd = fd;
    asked = cr_request_checkpoint(&args, &handle) == 0;
    if (!asked) CHECK(errno == CR_ETEMPFAIL);
    CHECK_EQUAL(close(fd), 0);
  }
  closing(turn);
  timeval none{0, 0};
  if (asked && cr_wait_checkpoint(&handle, &none) == 1) {
    char text[256] = {};
    cr_log_checkpoint(&handle, sizeof text, text);
    if (cr_reap_checkpoint(&handle) < 0 && errno != CR_ETEMPFAIL && errno != CR_EPERMFAIL && errno != CR_ERESTARTED)
      subject::fail(__FILE__, __LINE__, std::string("its own request: ") + strerror(errno) + " " + text);
    asked = false;
    next = turn + pause;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    printf("%s\n", numbers_in("/proc/self/fd").c_str());
    return 0;
  }
  if (argc != 3) return 2;
  char path[4096];
  CHECK(realpath(argv[0], path) != nullptr);
  self = path;
  const std::string name = argv[2];
  constexpr long kSeldom = 40;
  const bool asks_always = name == "asking_always", asks = asks_always || name == "asking";
  if (asks) CHECK(cr_init() >= 0);
  by_range();  // what whoever started this left open
  long turn = 0;
  subject::stay_until_asked(argv[1], [&] {
    if (asks)
      asking(turn++, asks_always ? 0 : kSeldom);
    else
      (name == "starting" ? starting : closing)(turn++);
    if (subject::failures > 5) _exit(1);
  });
  printf("%ld turns\n", turn);
  return subject::verdict();
}
