// SPDX-License-Identifier: Apache-2.0
// cr_family FLAG WHAT: a process with one child that makes the group one that is refused, or fails, as WHAT says:
//   fork      the child is a copy that executes nothing
//   static    the child's program is one that cannot be hosted (the third argument)
//   memfd     it is executed from a memfd
//   loader    it is executed by the loader
//   file      both have a file open through one description
//   pipe      a process outside of the tree has the other end of a pipe
//   memory    such a process has shared memory without a path
//   obstacle  the child has a socket of a family that is not saved
//   ends      there is another child, which ends when it is asked to stand
//   lines     both write lines with numbers to standard output
//   plain     nothing
// When it is asked to check itself, its child has to be there, running.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <string>

#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

namespace {

void write_line(const char* who) {
  static unsigned count = 0;
  char line[32];
  const int n = snprintf(line, sizeof line, "%s %u\n", who, ++count);
  CHECK_EQUAL(write(STDOUT_FILENO, line, static_cast<size_t>(n)), n);
  usleep(3000);
}

int end_now(void*) { _exit(0); }

void end_when_asked() {
  const auto init = reinterpret_cast<decltype(&cr_init)>(dlsym(RTLD_DEFAULT, "cr_init"));
  const auto add = reinterpret_cast<decltype(&cr_register_callback)>(dlsym(RTLD_DEFAULT, "cr_register_callback"));
  CHECK(init != nullptr && add != nullptr && init() >= 0 && add(end_now, nullptr, CR_THREAD_CONTEXT) >= 0);
}

int be_child(const char* flag, const std::string& what) {
  if (what == "obstacle") socket(AF_NETLINK, SOCK_RAW, 0);
  fclose(fopen((std::string(flag) + ".child").c_str(), "w"));
  for (;;) what == "lines" ? write_line("child") : subject::nap();
}

// Copies its own program: whoever executes that has no path.
int memfd_with(const char* program) {
  const int from = open(program, O_RDONLY | O_CLOEXEC), to = memfd_create("program", MFD_CLOEXEC);
  char bytes[1 << 16];
  for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;) CHECK_EQUAL(write(to, bytes, static_cast<size_t>(n)), n);
  return to;
}

// A process whose parent has ended belongs to another one. It lives until this one checks itself, but not for ever.
void share_with_orphan(const char* flag, const std::string& what) {
  int ends[2];
  if (what == "pipe") CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
  if (what == "memory")
    CHECK(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  const pid_t between = fork();
  if (between == 0) {
    if (fork() != 0) _exit(0);
    if (what == "pipe") close(ends[1]);
    alarm(300);
    while (access(flag, F_OK) != 0) subject::nap();
    _exit(0);
  }
  if (what == "pipe") close(ends[0]);
  CHECK_EQUAL(waitpid(between, nullptr, 0), between);
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc >= 3);
  const std::string what = argv[2];
  if (argc == 4 && strcmp(argv[3], "child") == 0) return be_child(argv[1], what);
  if (argc == 4 && strcmp(argv[3], "second") == 0) {
    end_when_asked();
    return be_child((std::string(argv[1]) + ".second").c_str(), what);
  }
  if (what == "pipe" || what == "memory") share_with_orphan(argv[1], what);
  if (what == "file") CHECK(open((std::string(argv[1]) + ".shared").c_str(), O_RDWR | O_CREAT, 0600) > 2);
  const pid_t child = fork();
  if (child == 0) {
    if (what == "fork") return be_child(argv[1], what);
    if (what == "static") {
      execl(argv[3], argv[3], argv[1], "plain", "child", nullptr);
    } else if (what == "memfd") {
      char* const words[] = {argv[0], argv[1], argv[2], const_cast<char*>("child"), nullptr};
      fexecve(memfd_with(argv[0]), words, environ);
    } else if (what == "loader") {
      constexpr const char* kLoader = "/lib64/ld-linux-x86-64.so.2";
      execl(kLoader, kLoader, argv[0], argv[1], argv[2], "child", nullptr);
    } else {
      execl(argv[0], argv[0], argv[1], argv[2], "child", nullptr);
    }
    _exit(126);
  }
  while (access((std::string(argv[1]) + ".child").c_str(), F_OK) != 0) subject::nap();
  const pid_t second = what == "ends" ? fork() : -1;
  if (second == 0) {
    execl(argv[0], argv[0], argv[1], argv[2], "second", nullptr);
    _exit(126);
  }
  while (second > 0 && access((std::string(argv[1]) + ".second.child").c_str(), F_OK) != 0) subject::nap();
  if (what == "lines") {
    while (access(argv[1], F_OK) != 0) write_line("parent");
  } else {
    subject::stay_until_asked(argv[1], subject::nap);
  }
  CHECK_EQUAL(waitpid(child, nullptr, WNOHANG), 0);
  kill(child, SIGTERM);
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  return what == "lines" ? subject::failures : subject::verdict();
}
