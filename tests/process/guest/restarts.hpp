// SPDX-License-Identifier: Apache-2.0
// What the tests of libcr's calls for restarts share: a worker, and a program that saves one and has it back.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

namespace restarts {

inline constexpr const char* kSaved = "saved";
inline constexpr int kWorkersCode = 7;
inline const char* own_path = nullptr;

inline void install(int signal, void (*handler)(int), int flags = SA_RESTART) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

// --- the worker ---

inline volatile sig_atomic_t asked = 0, to_end = 0;

inline std::string answer_of(pid_t pid) { return "answer-" + std::to_string(pid); }

inline int work(const char* file, bool with_child) {
  install(SIGUSR1, [](int) { asked = asked + 1; });
  install(SIGUSR2, [](int) { to_end = 1; });
  const int data = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  int ends[2];
  if (pipe(ends) != 0) return 1;
  if (with_child && fork() == 0) {
    close(ends[1]);
    _exit(static_cast<int>(read(ends[0], ends, 1)));  // the end of the worker
  }
  close(open((std::string(file) + ".ready").c_str(), O_WRONLY | O_CREAT, 0600));
  for (int answered = 0; to_end == 0; subject::nap()) {
    if (asked == answered) continue;
    ++answered;
    if (write(data, "line\n", 5) != 5) return 1;
    const std::string name = answer_of(getpid());
    std::ofstream(name + ".new") << answered << " " << getppid();
    rename((name + ".new").c_str(), name.c_str());
  }
  return kWorkersCode;
}

// --- who brings it back ---

// Never to what kill() takes for many.
inline void send(pid_t pid, int signal) {
  if (pid <= 1) {
    subject::fail(__FILE__, __LINE__, "there is no process to send a signal to");
    exit(1);
  }
  kill(pid, signal);
}

inline bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// By cr_run: the caller may have no host, or one that is a test's.
inline pid_t start_worker(const char* file, const char* kind = "worker") {
  const std::string runner = std::string(getenv("CAIRN_TEST_BIN")) + "/cr_run";
  const pid_t pid = fork();
  if (pid == 0) {
    execl(runner.c_str(), "cr_run", own_path, kind, file, nullptr);
    _exit(127);
  }
  while (!exists(std::string(file) + ".ready")) subject::nap();
  return pid;
}

struct Answer {
  int count = 0;
  pid_t parent = 0;
};
// `by`: whom the signal is sent to.
inline Answer ask(pid_t worker, pid_t by = 0) {
  Answer answer;
  unlink(answer_of(worker).c_str());
  send(by != 0 ? by : worker, SIGUSR1);
  while (!exists(answer_of(worker))) subject::nap();
  std::ifstream(answer_of(worker)) >> answer.count >> answer.parent;
  return answer;
}

inline void save(pid_t pid, const char* name = kSaved) {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  CHECK(cr_initialize_checkpoint_args_t(&args) == 0);
  args.cr_target = pid;
  args.cr_fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK(cr_request_checkpoint(&args, &handle) == 0);
  close(args.cr_fd);
  char* text = nullptr;
  const int result = cr_poll_checkpoint_msg(&handle, nullptr, &text);
  if (result <= 0) subject::fail(__FILE__, __LINE__, std::string(cr_strerror(errno)) + ": " + (text ? text : ""));
  free(text);
}

inline void end(pid_t pid) {
  send(pid, SIGKILL);
  CHECK_EQUAL(waitpid(pid, nullptr, 0), pid);
}

// A worker that has answered once, saved, and gone.
inline pid_t saved_worker(const char* file = "data", const char* name = kSaved) {
  const pid_t pid = start_worker(file);
  CHECK_EQUAL(ask(pid).count, 1);
  save(pid, name);
  end(pid);
  return pid;
}

inline cr_restart_args_t arguments(int fd) {
  cr_restart_args_t args;
  CHECK(cr_initialize_restart_args_t(&args) == 0);
  CHECK_EQUAL(args.cr_flags, unsigned{CR_RSTRT_RESTORE_PID});
  args.cr_fd = fd;
  return args;
}

inline cr_restart_handle_t request(cr_restart_args_t args) {
  cr_restart_handle_t handle = 0;
  CHECK_EQUAL(cr_request_restart(&args, &handle), 0);
  close(args.cr_fd);
  return handle;
}
inline cr_restart_handle_t request(const char* name) { return request(arguments(open(name, O_RDONLY | O_CLOEXEC))); }

struct Outcome {
  int result = 0, error = 0;
  std::string text;
};
inline Outcome outcome(cr_restart_handle_t& handle) {
  Outcome outcome;
  char* text = nullptr;
  outcome.result = cr_poll_restart_msg(&handle, nullptr, &text);
  outcome.error = errno;
  if (text != nullptr) outcome.text = text;
  free(text);
  CHECK_EQUAL(handle, 0ul);
  return outcome;
}

inline pid_t brought_back(cr_restart_handle_t handle) {
  const Outcome done = outcome(handle);
  if (done.result <= 0) {
    subject::fail(__FILE__, __LINE__, std::string(cr_strerror(done.error)) + ": " + done.text);
    exit(1);
  }
  return done.result;
}

// The number may be another, which is said.
inline pid_t brought_back(cr_restart_handle_t handle, pid_t before) {
  const Outcome done = outcome(handle);
  CHECK(done.result > 0);
  CHECK(done.result == before || done.text.find("could not be kept") != std::string::npos);
  return done.result;
}

inline void failed(const Outcome& done, int error, const char* text) {
  CHECK_EQUAL(done.result, CR_POLL_RSTRT_ERR_POST);
  CHECK_EQUAL(done.error, error);
  if (done.text.find(text) == std::string::npos) subject::fail(__FILE__, __LINE__, "it says: " + done.text);
}

inline int exit_code_of(pid_t pid) {
  int status = 0;
  CHECK_EQUAL(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline bool has_children() { return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

// Numbers, but for those of a host.
inline std::string descriptors_of(pid_t pid) {
  std::string numbers;
  for (int fd = 0; fd < 100; ++fd) {
    const std::string number = std::to_string(fd);
    struct stat status = {};
    if (lstat(("/proc/" + std::to_string(pid) + "/fd/" + number).c_str(), &status) == 0) numbers += number + " ";
  }
  return numbers;
}

// A pipe through which a context file comes: until it does, the restart is under way.
struct Feed {
  int ends[2] = {-1, -1};
  Feed() { CHECK(pipe2(ends, O_CLOEXEC) == 0); }
  void all_of(const char* name) const {
    std::stringstream bytes;
    bytes << std::ifstream(name, std::ios::binary).rdbuf();
    const std::string text = bytes.str();
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t n = write(ends[1], text.data() + done, text.size() - done);
      if (n > 0) done += static_cast<std::size_t>(n);
    }
    close(ends[1]);
  }
};

inline pid_t only_child() {
  pid_t pid = 0;
  std::ifstream("/proc/thread-self/children") >> pid;
  return pid;
}

}  // namespace restarts
