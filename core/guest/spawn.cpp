// SPDX-License-Identifier: Apache-2.0
// posix_spawn, system and popen: what they start becomes the guest of a new host. Ordinary code.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/guest/environment.hpp"
#include "core/guest/exec_image.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/own_program.hpp"
#include "core/guest/path_search.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr std::size_t kMaxCommand = 100000;  // one word of an argv holds 128 KiB
constexpr const char* kShell = "/bin/sh";

// libc's system() and popen() run "sh -c command" by ways of their own; they are given a command that makes that
// shell become a hosted one. All they do with signals, descriptors and exit statuses stays theirs.
class HostedShellCommand {
 public:
  explicit HostedShellCommand(const char* command) {
    if (!hosted() || command == nullptr || strlen(command) > kMaxCommand || !can_be_hosted(kShell)) return;
    char* const argv[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(command), nullptr};
    char* const* words = CAIRN_HOST_ARGV(kShell, argv);
    std::size_t size = sizeof "exec";
    for (std::size_t i = 0; words[i] != nullptr; ++i) size += 3 + quoted_size(words[i]);
    text_ = static_cast<char*>(malloc(size));
    if (text_ == nullptr) return;
    char* at = stpcpy(text_, "exec");
    for (std::size_t i = 0; words[i] != nullptr; ++i) at = quote(at, words[i]);
    if (strlen(text_) > kMaxCommand) clear();
  }
  ~HostedShellCommand() { clear(); }
  HostedShellCommand(const HostedShellCommand&) = delete;
  HostedShellCommand& operator=(const HostedShellCommand&) = delete;

  const char* or_else(const char* command) const { return text_ != nullptr ? text_ : command; }

 private:
  static std::size_t quoted_size(const char* word) {
    std::size_t n = 0;
    for (; *word != '\0'; ++word) n += *word == '\'' ? 4 : 1;
    return n;
  }
  static char* quote(char* at, const char* word) {
    *at++ = ' ';
    *at++ = '\'';
    for (; *word != '\0'; ++word) {
      if (*word == '\'') {
        at = stpcpy(at, "'\\''");
      } else {
        *at++ = *word;
      }
    }
    *at++ = '\'';
    *at = '\0';
    return at;
  }
  void clear() {
    const int saved = errno;
    free(text_);
    errno = saved;
    text_ = nullptr;
  }

  char* text_ = nullptr;
};

int spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* attributes,
          char* const* argv, char* const* environment) {
  environment = CAIRN_FRESH_ENVIRONMENT(environment);
  path = meant_by(path);
  if (!hosted() || !can_be_hosted(path)) return real().posix_spawn(pid, path, actions, attributes, argv, environment);
  return real().posix_spawn(pid, table().host_path, actions, attributes, CAIRN_HOST_ARGV(path, argv), environment);
}

}  // namespace

CAIRN_INTERPOSE(int, posix_spawn,
                (pid_t * pid, const char* path, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* argv, char* const* environment)) {
  return spawn(pid, path, actions, attributes, argv, environment);
}

CAIRN_INTERPOSE(int, posix_spawnp,
                (pid_t * pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* argv, char* const* environment)) {
  if (hosted() && strchr(file, '/') != nullptr) return spawn(pid, file, actions, attributes, argv, environment);
  char candidate[4096];
  PathSearch search(file);
  while (hosted() && search.next(candidate, sizeof candidate)) {
    if (can_be_hosted(candidate)) return spawn(pid, candidate, actions, attributes, argv, environment);
    if (access(candidate, X_OK) == 0) break;  // found, but it cannot be hosted
  }
  return real().posix_spawnp(pid, file, actions, attributes, argv, CAIRN_FRESH_ENVIRONMENT(environment));
}

CAIRN_INTERPOSE(int, system, (const char* command)) {
  const HostedShellCommand hosted_command(command);
  return real().system(hosted_command.or_else(command));
}

CAIRN_INTERPOSE(FILE*, popen, (const char* command, const char* mode)) {
  const HostedShellCommand hosted_command(command);
  return real().popen(hosted_command.or_else(command), mode);
}
