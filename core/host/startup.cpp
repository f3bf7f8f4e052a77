// SPDX-License-Identifier: Apache-2.0
#include "core/host/startup.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "core/abi/restart_options.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"

extern char** environ;

namespace cairn::host {
namespace {

constexpr const char* kInherited = "--cairn-inherited=";
constexpr const char* kSystemV = "--cairn-system-v=";
// Of application context files, which know no quotes: percent-encoded.
constexpr const char* kRestartFrom = "--cairn-restart-from=";
constexpr const char* kRestartOptions = "--cairn-restart-options=";
constexpr const char* kSaved = "CAIRN_SAVED_";
constexpr const char* kSavedStack = "CAIRN_SAVED_STACK_LIMIT";
constexpr unsigned long kStackCeiling = 1UL << 40;
constexpr rlim_t kHostStack = 8UL << 20;

// An application context file names the host as the program, and mpirun --with-cr has the host start all programs.
bool is_this_program(const char* path) {
  struct stat it {
  }, own{};
  return stat(path, &it) == 0 && stat("/proc/self/exe", &own) == 0 && it.st_dev == own.st_dev &&
         it.st_ino == own.st_ino;
}

bool starts_with(const char* text, const char* prefix) { return std::strncmp(text, prefix, std::strlen(prefix)) == 0; }

// Moves every LD_* to CAIRN_SAVED_LD_*; true if there was one.
bool set_loader_variables_aside() {
  std::vector<std::string> names;
  for (char** e = environ; *e != nullptr; ++e) {
    if (starts_with(*e, "LD_")) names.emplace_back(*e, strchrnul(*e, '=') - *e);
  }
  for (const auto& name : names) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) setenv((kSaved + name).c_str(), value, 1);
    unsetenv(name.c_str());
  }
  return !names.empty();
}

bool set_stack_limit_aside() {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur <= kStackCeiling) return false;
  setenv(kSavedStack, std::to_string(limit.rlim_cur).c_str(), 1);
  limit.rlim_cur = kHostStack;
  if (setrlimit(RLIMIT_STACK, &limit) != 0) throw EnvironmentError(with_errno("cannot limit the host's stack", errno));
  return true;
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  int i = 1;
  for (; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (!starts_with(argv[i], "--cairn-")) break;
    if (starts_with(argv[i], "--cairn-argv0=")) {
      options.argv0 = word.substr(std::strlen("--cairn-argv0="));
    } else if (starts_with(argv[i], kInherited)) {
      options.inherited = word.substr(std::strlen(kInherited));
    } else if (starts_with(argv[i], kSystemV)) {
      options.system_v = word.substr(std::strlen(kSystemV));
    } else if (word == "--cairn-landlocked") {
      options.landlocked = true;
    } else if (starts_with(argv[i], kRestartFrom)) {
      options.restart = percent_decoded(word.substr(std::strlen(kRestartFrom)));
    } else if (starts_with(argv[i], kRestartOptions)) {
      setenv(restart::options_variable, percent_decoded(word.substr(std::strlen(kRestartOptions))).c_str(), 1);
    } else if (word == "--cairn-restart" && i + 1 < argc) {
      options.restart = argv[++i];
    } else {
      throw ArgumentError("unknown or incomplete option " + word);
    }
  }
  if (options.restart.empty() && i < argc && is_this_program(argv[i])) return parse_options(argc - i, argv + i);
  options.command.assign(argv + i, argv + argc);
  if (options.command.empty() && options.restart.empty()) throw ArgumentError("no program to run");
  return options;
}

std::string own_path() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  if (n <= 0) throw EnvironmentError(with_errno("/proc/self/exe", errno));
  return std::string(path, static_cast<std::size_t>(n));
}

void clean_and_exec_again(char** argv) {
  const bool variables = set_loader_variables_aside();
  const bool stack = set_stack_limit_aside();
  if (!variables && !stack) return;
  execv("/proc/self/exe", argv);
  throw EnvironmentError(with_errno("cannot execute the host again", errno));
}

std::vector<std::string> guest_environment() {
  std::vector<std::string> result;
  for (char** e = environ; *e != nullptr; ++e) {
    if (starts_with(*e, kSavedStack)) continue;
    result.emplace_back(starts_with(*e, kSaved) ? *e + std::strlen(kSaved) : *e);
  }
  return result;
}

unsigned long guest_stack_limit() {
  const char* saved = std::getenv(kSavedStack);
  if (saved != nullptr) return std::strtoul(saved, nullptr, 10);
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  return limit.rlim_cur;
}

unsigned long restore_stack_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  limit.rlim_cur = guest_stack_limit();
  setrlimit(RLIMIT_STACK, &limit);
  return limit.rlim_cur;
}

}  // namespace cairn::host
