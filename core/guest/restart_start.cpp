// SPDX-License-Identifier: Apache-2.0
#include "core/guest/restart_start.hpp"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/abi/held_signals.hpp"
#include "core/abi/restart_options.hpp"
#include "core/base/exit_codes.h"
#include "core/base/raw_syscall.hpp"
#include "core/context/format.h"
#include "core/guest/environment.hpp"
#include "core/guest/host.hpp"
#include "core/guest/kernel_signal.hpp"
#include "core/guest/stop.hpp"

namespace cairn::guest {
namespace {

constexpr char kUnable[] = "cr_restart: the command cannot be executed\n";
constexpr char kCommand[] = "/bin/cr_restart";

// <prefix>/libexec/cairn/HOST, or <prefix>/lib/cairn/libcr.so -> <prefix>/bin/cr_restart
bool find_command(char (&path)[PATH_MAX]) {
  Dl_info own;
  if (hosted()) {
    strcpy(path, table().host_path);
  } else if (dladdr(reinterpret_cast<void*>(&find_command), &own) == 0 || realpath(own.dli_fname, path) == nullptr) {
    return false;
  }
  for (int i = 0; i < 3; ++i) {
    char* const slash = strrchr(path, '/');
    if (slash == nullptr) return false;
    *slash = '\0';
  }
  if (strlen(path) + sizeof kCommand > sizeof path) return false;
  strcat(path, kCommand);
  return access(path, X_OK) == 0;
}

// That the process had; 0 if the file does not tell, which the command will complain about, or may have any.
pid_t number_in(int fd) {
  cairn_ctx_header header;
  if (raw_syscall(SYS_pread64, fd, address(&header), sizeof header, 0) != sizeof header) return 0;
  const bool ours = header.magic == CAIRN_CTX_MAGIC && header.version == CAIRN_CTX_VERSION;
  return ours && header.pid > 1 && header.pid <= INT_MAX ? static_cast<pid_t>(header.pid) : 0;
}

// --- what the command is told ---

char* write_escaped(char* at, const char* text) {
  for (; *text != '\0'; ++text) {
    const char c = *text;
    if (c == '\\' || c == '\n' || c == '\t') *at++ = '\\';
    *at++ = c == '\n' ? 'n' : c == '\t' ? 't' : c;
  }
  return at;
}

// "CAIRN_RESTART_OPTIONS=...", to be freed; null: no memory.
char* write_options(const RestartStart& start) {
  const cr_rstrt_relocate* const relocate = start.args.cr_relocate;
  const unsigned count = relocate != nullptr ? relocate->count : 0;
  std::size_t size = 256;
  for (unsigned i = 0; i < count; ++i)
    size += 2 * (strlen(relocate->path[i].oldpath) + strlen(relocate->path[i].newpath)) + 16;
  auto* const text = static_cast<char*>(malloc(size));
  if (text == nullptr) return nullptr;
  char* at =
      text + sprintf(text, "%s=started=%d\nmessages=%d\n", restart::options_variable, start.started, start.messages);
  if (start.args.cr_signal != 0) at += sprintf(at, "signal=%d\n", start.args.cr_signal);
  for (unsigned i = 0; i < count; ++i) {
    at = write_escaped(stpcpy(at, "relocate="), relocate->path[i].oldpath);
    *at++ = '\t';
    at = write_escaped(at, relocate->path[i].newpath);
    *at++ = '\n';
  }
  *at = '\0';
  return text;
}

// The caller's variables and `options`, to be freed; null: no memory.
char** add_options(char* const* environment, char* options) {
  std::size_t count = 0;
  while (environment != nullptr && environment[count] != nullptr) ++count;
  auto** const all = static_cast<char**>(malloc((count + 2) * sizeof(char*)));
  if (all == nullptr) return nullptr;
  std::size_t kept = 0;
  const std::size_t name = strlen(restart::options_variable);
  for (std::size_t i = 0; i < count; ++i) {
    if (strncmp(environment[i], options, name + 1) != 0) all[kept++] = environment[i];
  }
  all[kept++] = options;
  all[kept] = nullptr;
  return all;
}

struct Command {
  const char* path;
  char* const* words;
  char* const* environment;
  int descriptors[3];  // that it is to have
  int started, messages;
};

// --- in the child: a copy of a process that may have more threads, until it is executed ---

// As posix_spawn() has it: no handler of the program's runs in the copy. What a SIGCHLD that is ignored would hide from
// the command is not hidden, and a stop signal that is meant for the program does not end it.
void set_default_actions() {
  for (int signal = 1; signal < NSIG; ++signal) {
    KernelAction action{};
    raw_syscall(SYS_rt_sigaction, signal, 0, address(&action), sizeof action.mask);
    if (action.handler == reinterpret_cast<uint64_t>(SIG_IGN) && signal != SIGCHLD) continue;
    action = {};
    raw_syscall(SYS_rt_sigaction, signal, address(&action), 0, sizeof action.mask);
  }
  if (hosted()) ignore_stop_signal();
}

[[noreturn]] void execute(const Command& command, uint64_t mask) {
  set_default_actions();
  for (const int fd : command.descriptors) raw_syscall(SYS_fcntl, fd, F_SETFD, 0);
  const sigset_t held = restart::held_signals();
  uint64_t more = 0;
  memcpy(&more, &held, sizeof more);
  mask |= more;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&mask), 0, sizeof mask);
  raw_syscall(SYS_execve, address(command.path), address(command.words), address(command.environment));
  const char code = CAIRN_EXIT_ENVIRONMENT;
  raw_syscall(SYS_write, command.messages, address(kUnable), sizeof kUnable - 1);
  raw_syscall(SYS_write, command.started, address(&code), 1);
  for (;;) raw_syscall(SYS_exit_group, CAIRN_EXIT_ENVIRONMENT);
}

// --- in the parent, which stands still until the child has executed its program: nobody sees it half made ---

// A child with this number, if that is not 0, permitted and free; else with any.
pid_t clone_with(pid_t number) {
  clone_args arguments{};
  arguments.flags = CLONE_VFORK;
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = address(&number);
  arguments.set_tid_size = 1;
  long child = -1;
  if (number != 0) child = raw_syscall(SYS_clone3, address(&arguments), sizeof arguments);
  if (is_error(child)) child = raw_syscall(SYS_clone, CLONE_VFORK | SIGCHLD);
  return static_cast<pid_t>(child);
}

__attribute__((noinline)) pid_t run(const Command& command, pid_t number) {
  const uint64_t all = ~0ULL;
  uint64_t mask = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&all), address(&mask), sizeof mask);
  const pid_t child = clone_with(number);
  if (child == 0) execute(command, mask);
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, address(&mask), 0, sizeof mask);
  return child;
}

}  // namespace

pid_t start_restart(const RestartStart& start) {
  char path[PATH_MAX], fd[16];
  if (!find_command(path)) return -CR_ENOSUPPORT;
  snprintf(fd, sizeof fd, "%d", start.args.cr_fd);
  const bool any_number = (start.args.cr_flags & CR_RSTRT_RESTORE_PID) == 0;
  const char* const words[] = {path, "--fd", fd, any_number ? "--no-restore-pid" : nullptr, nullptr};
  char* const options = write_options(start);
  char** const environment = options != nullptr ? add_options(CAIRN_FRESH_ENVIRONMENT(environ), options) : nullptr;
  pid_t child = -ENOMEM;
  if (environment != nullptr) {
    child = run({path,
                 const_cast<char* const*>(words),
                 environment,
                 {start.args.cr_fd, start.started, start.messages},
                 start.started,
                 start.messages},
                any_number ? 0 : number_in(start.args.cr_fd));
  }
  free(environment);
  free(options);
  return child;
}

}  // namespace cairn::guest
