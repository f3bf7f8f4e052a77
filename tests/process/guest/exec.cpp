// SPDX-License-Identifier: Apache-2.0
// Executing programs from a hosted one: they are hosted as well, and see what they would see without a host.
// guest_exec CASE, beside guest_static.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <string>

#include "core/base/raw_syscall.hpp"
#include "tests/process/guest/test.hpp"

namespace {

using namespace cairn::test;

char self[PATH_MAX];

// What a program that was executed has to say.
int report(int argc, char** argv) {
  printf("hosted=%d argv=", cairn_is_hosted());
  for (int i = 0; i < argc; ++i) printf("[%s]", argv[i]);
  printf(" env=");
  for (char** e = environ; *e != nullptr; ++e) printf("[%s]", *e);
  printf("\n");
  return 42;
}

struct Outcome {
  std::string output;
  int status;
};

// Runs `action` in a child with its standard output caught.
Outcome in_child(const std::function<void()>& action, pid_t (*how)() = fork) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = how();
  if (child == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    action();
    dprintf(1, "errno=%d", errno);
    _exit(111);
  }
  close(ends[1]);
  Outcome outcome;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    outcome.output.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  CHECK(waitpid(child, &outcome.status, 0) == child);
  return outcome;
}

void expect(const Outcome& found, const std::string& output, int code) {
  if (found.output == output && WIFEXITED(found.status) && WEXITSTATUS(found.status) == code) return;
  fprintf(stderr, "FAIL expected %d: %sfound %x: %s\n", code, output.c_str(), found.status, found.output.c_str());
  _exit(1);
}

void expect_error(const Outcome& found, int error) { expect(found, "errno=" + std::to_string(error), 111); }

char* const kEnvironment[] = {const_cast<char*>("A=1"), const_cast<char*>("LD_X="), nullptr};

void all_variants() {
  char* const argv[] = {const_cast<char*>("name"), const_cast<char*>("--report"), const_cast<char*>(""), nullptr};
  const std::string with_name = "hosted=1 argv=[name][--report][] env=[A=1][LD_X=]\n";
  expect(in_child([&] { execve(self, argv, kEnvironment); }), with_name, 42);
  expect(in_child([&] { execve(self, argv, kEnvironment); }, vfork), with_name, 42);
  expect(in_child([&] { execvpe(self, argv, kEnvironment); }), with_name, 42);
  expect(in_child([&] {
           environ = const_cast<char**>(kEnvironment);
           execv(self, argv);
         }),
         with_name, 42);
  expect(in_child([&] {
           environ = const_cast<char**>(kEnvironment);
           execvp(self, argv);
         }),
         with_name, 42);
  expect(in_child([&] { execle(self, "name", "--report", "", nullptr, kEnvironment); }), with_name, 42);
  expect(in_child([&] {
           environ = const_cast<char**>(kEnvironment);
           execl(self, "name", "--report", "", nullptr);
         }),
         with_name, 42);
  expect(in_child([&] {
           environ = const_cast<char**>(kEnvironment);
           execlp(self, "name", "--report", "", nullptr);
         }),
         with_name, 42);
  expect(in_child([&] { fexecve(open(self, O_RDONLY | O_CLOEXEC), argv, kEnvironment); }), with_name, 42);
  expect(in_child([&] { execveat(AT_FDCWD, self, argv, kEnvironment, 0); }), with_name, 42);
  expect(in_child([&] {
           std::string path = self;
           const size_t slash = path.rfind('/');
           const int directory = open(path.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY);
           execveat(directory, path.c_str() + slash + 1, argv, kEnvironment, 0);
         }),
         with_name, 42);
  // A name without a slash is a file of the working directory to execve, and one of PATH to execvp.
  const std::string directory = std::string(self).substr(0, std::string(self).rfind('/'));
  expect(in_child([&] {
           CHECK(chdir(directory.c_str()) == 0);
           execve("guest_exec", argv, kEnvironment);
         }),
         with_name, 42);
  expect(in_child([&] {
           const std::string path = "PATH=/nowhere:" + directory;
           char* const changed[] = {const_cast<char*>(path.c_str()), nullptr};
           environ = const_cast<char**>(changed);
           execvpe("guest_exec", argv, kEnvironment);
         }),
         with_name, 42);
}

// A debugger sees what it would see without a host: one stop, in the program itself.
void traced() {
  char* const argv[] = {const_cast<char*>("name"), const_cast<char*>("--report"), nullptr};
  int ends[2], status = 0;
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    CHECK(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0);
    execve(self, argv, kEnvironment);
    _exit(111);
  }
  close(ends[1]);
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  char program[PATH_MAX] = {};
  CHECK(readlink(("/proc/" + std::to_string(child) + "/exe").c_str(), program, sizeof program - 1) > 0);
  CHECK(strcmp(program, self) == 0);
  CHECK(ptrace(PTRACE_CONT, child, nullptr, nullptr) == 0);
  Outcome outcome{std::string(4096, ' '), 0};
  CHECK(waitpid(child, &outcome.status, 0) == child);
  const ssize_t n = read(ends[0], outcome.output.data(), outcome.output.size());
  outcome.output.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  expect(outcome, "hosted=0 argv=[name][--report] env=[A=1][LD_X=]\n", 42);
}

std::string scratch_file(const char* name, const char* text, mode_t mode) {
  static char directory[] = "/tmp/guest_exec.XXXXXX";
  static const bool made = mkdtemp(directory) != nullptr;
  CHECK(made);
  const std::string path = std::string(directory) + "/" + name;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) == static_cast<ssize_t>(strlen(text)));
  CHECK(fchmod(fd, mode) == 0 && close(fd) == 0);
  return path;
}

void remove_scratch() {
  const std::string directory = scratch_file("last", "", 0600);
  const std::string command = "rm -rf '" + directory.substr(0, directory.rfind('/')) + "'";
  CHECK(system(command.c_str()) == 0);
}

void errors() {
  char* const argv[] = {const_cast<char*>("x"), nullptr};
  const auto exec = [&](const std::string& path) {
    return in_child([&] { execve(path.c_str(), argv, kEnvironment); });
  };
  expect_error(exec("/no/such/file"), ENOENT);
  expect_error(exec("/tmp"), EACCES);
  expect_error(exec(std::string(self) + "/x"), ENOTDIR);
  expect_error(exec(scratch_file("plain", "#!/bin/sh\n", 0600)), EACCES);
  expect_error(exec(scratch_file("nothing", "hello\n", 0700)), ENOEXEC);
  expect_error(exec(scratch_file("missing", "#!/no/such/shell\n", 0700)), ENOENT);
  expect_error(exec(""), ENOENT);
  expect_error(in_child([&] { execvp("no-such-command-here", argv); }), ENOENT);
  expect_error(in_child([&] { execvp("", argv); }), ENOENT);
  pid_t child = 0;
  CHECK(posix_spawn(&child, "/no/such/file", nullptr, nullptr, argv, kEnvironment) == ENOENT);
  CHECK(posix_spawnp(&child, "no-such-command-here", nullptr, nullptr, argv, kEnvironment) == ENOENT);
  // The caller goes on as before.
  CHECK(execve("/no/such/file", argv, kEnvironment) == -1 && errno == ENOENT);
  remove_scratch();
}

void scripts() {
  char* const argv[] = {const_cast<char*>("x"), const_cast<char*>("arg"), nullptr};
  const std::string script = scratch_file("script", "#!/bin/sh -u\necho \"$0 $1\"; exit 5\n", 0700);
  expect(in_child([&] { execve(script.c_str(), argv, kEnvironment); }), script + " arg\n", 5);
  const std::string bare = scratch_file("bare", "echo \"$0 $1\"; exit 6\n", 0700);
  expect(in_child([&] { execvp(bare.c_str(), argv); }), bare + " arg\n", 6);
  const std::string inner = scratch_file("inner", ("#!" + std::string(self) + " --report\n").c_str(), 0700);
  expect(in_child([&] { execve(inner.c_str(), argv, kEnvironment); }),
         "hosted=1 argv=[" + std::string(self) + "][--report][" + inner + "][arg] env=[A=1][LD_X=]\n", 42);
  remove_scratch();
}

void programs_that_cannot_be_hosted() {
  const std::string program = std::string(self).substr(0, std::string(self).rfind('/')) + "/guest_static";
  char* const argv[] = {const_cast<char*>("name"), const_cast<char*>("arg"), nullptr};
  expect(in_child([&] { execve(program.c_str(), argv, kEnvironment); }), "static name arg\n", 7);
  int status = -1;
  pid_t child = 0;
  CHECK(posix_spawn(&child, program.c_str(), nullptr, nullptr, argv, kEnvironment) == 0);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
  CHECK(WEXITSTATUS(system(("'" + program + "' >/dev/null").c_str())) == 7);
}

void spawning() {
  char* const argv[] = {const_cast<char*>("name"), const_cast<char*>("--report"), nullptr};
  const std::string expected = "hosted=1 argv=[name][--report] env=[A=1][LD_X=]\n";
  posix_spawn_file_actions_t actions;
  int ends[2], status = -1;
  char buffer[256] = {};
  pid_t child = 0;
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  for (const bool search : {false, true}) {
    const auto spawn = search ? posix_spawnp : posix_spawn;
    memset(buffer, 0, sizeof buffer);
    CHECK(spawn(&child, self, &actions, nullptr, argv, kEnvironment) == 0);
    CHECK(read(ends[0], buffer, sizeof buffer - 1) > 0 && expected == buffer);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 42);
  }
  CHECK(posix_spawnp(&child, "true", nullptr, nullptr, argv, environ) == 0);
  CHECK(waitpid(child, &status, 0) == child && status == 0);
}

void shells() {
  CHECK(system(nullptr) != 0);
  CHECK(WEXITSTATUS(system("exit 3")) == 3);
  CHECK(WTERMSIG(system("kill -9 $$")) == 9);
  CHECK(WEXITSTATUS(system("x='it'\\''s \"quoted\" $HOME'; [ \"$x\" = 'it'\\''s \"quoted\" $HOME' ] && exit 9")) == 9);
  CHECK(WEXITSTATUS(system(("'" + std::string(self) + "' --hosted").c_str())) == 42);
  FILE* out = popen("echo $0 one; exit 4", "r");
  char line[64] = {};
  CHECK(out != nullptr && fgets(line, sizeof line, out) != nullptr && strcmp(line, "sh one\n") == 0);
  CHECK(WEXITSTATUS(pclose(out)) == 4);
  FILE* in = popen("read x; [ \"$x\" = hello ] && exit 8", "w");
  CHECK(in != nullptr && fputs("hello\n", in) >= 0 && WEXITSTATUS(pclose(in)) == 8);
}

void limits() {
  rlimit limit{}, now{};
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256);
  CHECK(sysconf(_SC_OPEN_MAX) == static_cast<long>(limit.rlim_cur));
  const rlimit lower{200, limit.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &lower) == 0 && getrlimit(RLIMIT_NOFILE, &now) == 0);
  CHECK(now.rlim_cur == 200 && sysconf(_SC_OPEN_MAX) == 200 && getdtablesize() == 200);
  expect(in_child([] { execlp("sh", "sh", "-c", "ulimit -Sn", nullptr); }), "200\n", 0);
  const rlimit lowest{20, limit.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &lowest) == 0);
  expect(in_child([] { execlp("sh", "sh", "-c", "ulimit -Sn", nullptr); }), "20\n", 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &lower) == 0);
  CHECK(prlimit(0, RLIMIT_NOFILE, &limit, &now) == 0 && now.rlim_cur == 200);
  CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == limit.rlim_cur);
  // A soft limit is the kernel's: who has as many descriptors gets no more.
  const rlimit few{30, limit.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0 && close_range(3, ~0U, 0) == 0);
  int made = 0;
  while (made < 40 && dup(0) >= 0) ++made;
  CHECK(made == 27 && errno == EMFILE && open("/dev/null", O_RDONLY) == -1 && errno == EMFILE);
  CHECK(dup2(0, 30) == -1 && errno == EBADF && close_range(3, ~0U, 0) == 0);
  CHECK(prlimit(0, RLIMIT_NOFILE, &limit, nullptr) == 0);
  const rlimit wrong{10, 5};
  CHECK(setrlimit(RLIMIT_NOFILE, &wrong) == -1 && errno == EINVAL);
}

int host_descriptors(int* list, int size) {
  int n = 0;
  DIR* directory = opendir("/proc/self/fd");
  CHECK(directory != nullptr);
  while (const dirent* entry = readdir(directory)) {
    const int fd = atoi(entry->d_name);
    if (CAIRN_TABLE->is_host_fd(fd) && n < size) list[n++] = fd;
  }
  closedir(directory);
  return n;
}

// The host keeps its descriptors, whatever the guest closes, and no program that is executed gets one.
void descriptors() {
  int list[64];
  const int n = host_descriptors(list, 64);
  CHECK(n > 0 && n < 64);
  for (int i = 0; i < n; ++i) CHECK(cairn::raw_syscall(SYS_fcntl, list[i], F_GETFD) == FD_CLOEXEC);
  CHECK(close(list[0]) == -1 && errno == EBADF);
  CHECK(dup2(1, list[0]) == -1 && errno == EBADF);
  CHECK(dup3(list[0], 50, 0) == -1 && errno == EBADF);
  // With a soft limit that is raised over the host's descriptors the program has numbers among and above them.
  rlimit limit{};
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  int high = static_cast<int>(std::min<rlim_t>(CAIRN_TABLE->fd_base + 500UL, limit.rlim_max - 1));
  while (CAIRN_TABLE->is_host_fd(high)) --high;
  CHECK(close_range(3, ~0U, 0) == 0);  // also what whoever started this left open
  CHECK(open("/dev/null", O_RDONLY) == 3 && dup2(3, 60) == 60 && dup2(3, high) == high);
  CHECK(close_range(3, ~0U, 0) == 0);
  CHECK(fcntl(3, F_GETFD) == -1 && fcntl(60, F_GETFD) == -1 && fcntl(high, F_GETFD) == -1);
  CHECK(host_descriptors(list, 64) == n);
  CHECK(open("/dev/null", O_RDONLY) == 3 && dup2(3, high) == high);
  CHECK(close_range(high, high, CLOSE_RANGE_CLOEXEC) == 0 && fcntl(high, F_GETFD) == FD_CLOEXEC);
  closefrom(3);
  CHECK(fcntl(3, F_GETFD) == -1 && fcntl(high, F_GETFD) == -1 && host_descriptors(list, 64) == n);
  CHECK(close_range(5, 4, 0) == -1 && errno == EINVAL);
  CHECK(close_range(5, 6, 0x80) == -1 && errno == EINVAL);
}

void own_program() {
  char path[PATH_MAX] = {}, by_pid[64];
  CHECK(readlink("/proc/self/exe", path, sizeof path) == static_cast<ssize_t>(strlen(self)) && strcmp(path, self) == 0);
  snprintf(by_pid, sizeof by_pid, "/proc/%d/exe", getpid());
  memset(path, 0, sizeof path);
  CHECK(readlinkat(AT_FDCWD, by_pid, path, sizeof path) > 0 && strcmp(path, self) == 0);
  CHECK(realpath("/proc/self/exe", path) != nullptr && strcmp(path, self) == 0);
  char four[5] = {};
  CHECK(readlink("/proc/self/exe", four, 4) == 4 && memcmp(four, self, 4) == 0 && four[4] == 0);
  CHECK(readlink("/proc/self/cwd", path, sizeof path) > 0);
  CHECK(readlink("/nowhere", path, sizeof path) == -1 && errno == ENOENT);
}

// The file behind the link, by every way that follows it: the same file, and what executes it.
void own_program_by_link() {
  struct stat mine, seen;
  struct statx more;
  CHECK(stat(self, &mine) == 0);
  const auto expect_mine = [&](int fd) {
    CHECK(fd >= 0 && fstat(fd, &seen) == 0 && seen.st_ino == mine.st_ino && seen.st_dev == mine.st_dev);
    close(fd);
  };
  for (const char* link : {"/proc/self/exe", "/proc/thread-self/exe"}) {
    expect_mine(open(link, O_RDONLY));
    expect_mine(openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC));
    FILE* const file = fopen(link, "r");
    CHECK(file != nullptr);
    expect_mine(dup(fileno(file)));
    fclose(file);
    CHECK(stat(link, &seen) == 0 && seen.st_ino == mine.st_ino);
    CHECK(fstatat(AT_FDCWD, link, &seen, 0) == 0 && seen.st_ino == mine.st_ino);
    CHECK(statx(AT_FDCWD, link, 0, STATX_INO, &more) == 0 && more.stx_ino == mine.st_ino);
    CHECK(lstat(link, &seen) == 0 && S_ISLNK(seen.st_mode));
    CHECK(fstatat(AT_FDCWD, link, &seen, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(seen.st_mode));
    CHECK(open(link, O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    char* const argv[] = {const_cast<char*>("name"), const_cast<char*>("--report"), nullptr};
    const std::string said = "hosted=1 argv=[name][--report] env=[A=1][LD_X=]\n";
    expect(in_child([&] { execve(link, argv, kEnvironment); }), said, 42);
    expect(in_child([&] { execve(link, argv, kEnvironment); }, vfork), said, 42);
    expect(in_child([&] { execvpe(link, argv, kEnvironment); }), said, 42);
    expect(in_child([&] { execveat(AT_FDCWD, link, argv, kEnvironment, 0); }), said, 42);
    expect(in_child([&] { fexecve(open(link, O_RDONLY | O_CLOEXEC), argv, kEnvironment); }), said, 42);
    expect(in_child([&] {
             pid_t child;
             int status = 0;
             CHECK(posix_spawn(&child, link, nullptr, nullptr, argv, kEnvironment) == 0);
             CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
             _exit(WEXITSTATUS(status));
           }),
           said, 42);
  }
}

void loading() {
  CHECK(dlopen("libm.so.6", RTLD_NOW) != nullptr);
  CHECK(dlopen("no-such-library.so", RTLD_NOW) == nullptr && strstr(dlerror(), "no-such-library") != nullptr);
  CHECK(dlopen(nullptr, RTLD_NOW) != nullptr);
  CHECK(dlmopen(LM_ID_BASE, "libm.so.6", RTLD_NOW) != nullptr);
  CHECK(dlopen("libm.so.6", RTLD_NOW | RTLD_NOLOAD) != nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 2 && strcmp(argv[1], "--report") == 0) return report(argc, argv);
  if (argc >= 2 && strcmp(argv[1], "--hosted") == 0) return cairn_is_hosted() ? 42 : 1;
  CHECK(realpath(argv[0], self) != nullptr);
  return run_cases({{"all_variants", all_variants},
                    {"errors", errors},
                    {"traced", traced},
                    {"scripts", scripts},
                    {"programs_that_cannot_be_hosted", programs_that_cannot_be_hosted},
                    {"spawning", spawning},
                    {"shells", shells},
                    {"limits", limits},
                    {"descriptors", descriptors},
                    {"own_program", own_program},
                    {"own_program_by_link", own_program_by_link},
                    {"loading", loading}},
                   argc, argv);
}
