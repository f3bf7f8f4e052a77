// SPDX-License-Identifier: Apache-2.0
// Files and directories under /proc that tell of the process itself, of its main thread, of a child and of its parent,
// which the child has open; the working directory is one. Whatever numbers they have later, they tell of the same.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/subject.hpp"

namespace {

std::string proc(pid_t process) { return "/proc/" + std::to_string(process); }

int open_one(const std::string& path, int flags = O_RDONLY) {
  const int fd = open(path.c_str(), flags);
  CHECK(fd >= 0);
  return fd;
}

std::string shown(int fd) {
  char path[200] = "";
  CHECK(readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path - 1) > 0);
  return path;
}

std::string number_in(int fd) {
  char text[64] = "";
  CHECK(read(fd, text, sizeof text - 1) > 0);
  return std::string(text).substr(0, std::string(text).find(' '));
}

int child_of(pid_t parent, const char* flag) {
  const int status = open_one(proc(parent) + "/stat");
  const int directory = open_one(proc(parent), O_RDONLY | O_DIRECTORY);
  while (access(flag, F_OK) != 0) subject::nap();
  CHECK(number_in(status) == std::to_string(getppid()) && shown(directory) == proc(getppid()));
  return subject::failures;
}

}  // namespace

int main(int, char** argv) {
  char flag[4096];
  CHECK(realpath(".", flag) != nullptr);
  const std::string asked = argv[1][0] == '/' ? argv[1] : flag + std::string("/") + argv[1];
  const pid_t before = getpid();
  const pid_t child = fork();
  if (child == 0) return child_of(before, asked.c_str());
  const int own = open_one("/proc/self/stat"), main = open_one("/proc/thread-self/stat");
  const int directory = open_one("/proc/self", O_RDONLY | O_DIRECTORY), place = open_one("/proc/self/task", O_PATH);
  const int of_child = open_one(proc(child) + "/stat"),
            child_main = open_one(proc(child) + "/task/" + std::to_string(child), O_PATH);
  CHECK(chdir("/proc/self/task") == 0);
  subject::stay_until_asked(asked.c_str(), subject::nap);

  const std::string number = std::to_string(getpid());
  CHECK(number_in(own) == number && number_in(main) == number);
  CHECK(shown(directory) == proc(getpid()) && shown(place) == proc(getpid()) + "/task");
  CHECK(access(number.c_str(), F_OK) == 0);
  siginfo_t ended{};
  const std::string child_number = number_in(of_child);
  CHECK(shown(child_main) == "/proc/" + child_number + "/task/" + child_number);
  CHECK(waitid(P_ALL, 0, &ended, WEXITED) == 0 && ended.si_status == 0);
  CHECK(std::to_string(ended.si_pid) == child_number);
  return subject::verdict();
}
