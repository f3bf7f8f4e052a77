// SPDX-License-Identifier: Apache-2.0
#include "core/cli/restart_options.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/cli/after_signal.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/inherited_options.hpp"

namespace cairn::cli {
namespace {

constexpr std::array<const char*, 4> kClasses{"run-on-fail-args", "run-on-fail-temp", "run-on-fail-env",
                                              "run-on-fail-perm"};

const std::vector<std::string> kNamespaces{"auto", "always", "never"};

std::string values_text() { return kNamespaces[0] + "|" + kNamespaces[1] + "|" + kNamespaces[2]; }

OptionGroup place() {
  return {"What is restarted",
          {{"dir,d", "DIR", "look for FILE in DIR"},
           {"file,f", "FILE", "the context file"},
           {"fd,F", "FD", "open descriptor FD of this command"},
           {"relocate", "OLD=NEW", "paths that begin with OLD begin with NEW now (may be repeated)", true}}};
}

OptionGroup identity() {
  return {"Process numbers, groups and sessions",
          {{"restore-pid", "", "with the process numbers they had, if that is permitted (default)"},
           {"no-restore-pid", "", "with new ones"},
           {"pid-namespace", values_text(),
            "a process namespace of their own, in which every number is free: for processes with children, if a "
            "number is taken or may not be chosen (default); in any case; never"},
           {"restore-pgid", "", "in the process groups they were in"},
           {"no-restore-pgid", "", "in this command's (default)"},
           {"restore-sid", "", "in the sessions they were in"},
           {"no-restore-sid", "", "in this command's (default)"},
           {"omit-maybe", "", "processes that were left out of the checkpoint: bring them back, if possible"},
           {"omit-always", "", "leave them out"},
           {"omit-never", "", "fail if there are any"}}};
}

OptionGroup hooks() {
  return {"Commands to run",
          {{"run-on-success", "CMD", "once the program goes on"},
           {"run-on-failure", "CMD", "if it could not be restarted"},
           {kClasses[0], "CMD", "... because of wrong arguments"},
           {kClasses[1], "CMD", "... for now: trying again may help"},
           {kClasses[2], "CMD", "... on this machine"},
           {kClasses[3], "CMD", "... from this file, anywhere"}}};
}

OptionGroup talk() {
  return {"What is said",
          {{"kmsg-none", "", "on failure, say only that it failed"},
           {"kmsg-error", "", "say why (default)"},
           {"kmsg-warning", "", "warnings too"},
           {"verbose,v", "", "say what was done"},
           {"quiet,q", "", "say nothing but errors"},
           {"help", "", "this text"},
           {"version", "", "the version of Cairn"}}};
}

CommandLine table() {
  return {.name = "cr_restart",
          .usage = "Usage: cr_restart [OPTION ...] FILE\nBrings a saved process back.\n",
          .groups = {place(), inherited_options(), after_signal_options(), identity(), hooks(), talk()}};
}

std::string choose_file(const Given& given) {
  if (given.has("file") + given.has("fd") + given.operands().size() != 1)
    throw ArgumentError("exactly one context file is needed (see cr_restart --help)");
  if (given.has("fd")) {
    const int number = given.number<int>("fd", -1, 0);
    if (fcntl(number, F_GETFD) < 0) throw ArgumentError("descriptor " + std::to_string(number) + " is not open");
    const std::string link = "/proc/self/fd/" + std::to_string(number);
    struct stat status {};
    if (fstat(number, &status) == 0 && S_ISDIR(status.st_mode)) return read_link(link);  // for all processes of it
    fcntl(number, F_SETFD, 0);
    return link;
  }
  const std::string path = given.has("file") ? given.text("file") : given.operands().front();
  return given.has("dir") && !path.starts_with("/") ? given.text("dir") + "/" + path : path;
}

void refuse_missing(const Given& given) {
  for (const char* option : {"restore-pgid", "restore-sid"}) {
    if (given.has(option))
      throw PermanentError(std::string("--") + option + ": process groups and sessions cannot be restored yet");
  }
}

}  // namespace

std::optional<RestartOptions> parse_restart(const std::vector<std::string>& words, restart::Options asked) {
  const std::optional<Given> given = parse(table(), words);
  if (!given) return std::nullopt;
  RestartOptions options;
  options.host = std::move(asked);
  options.file = choose_file(*given);
  if (const int signal = after_signal(*given); signal != 0) options.host.signals.push_back(signal);
  options.host.verbose = given->has("verbose");
  for (const auto& pair : given->pairs("relocate")) options.host.relocate.push_back(pair);
  take_inherited_options(*given, options.host);
  options.restore_pid = !given->has("no-restore-pid");
  if (given->has("pid-namespace"))
    options.pid_namespace = one_of("--pid-namespace", given->text("pid-namespace"), kNamespaces);
  if (!options.restore_pid && options.pid_namespace == "always")
    throw ArgumentError("--pid-namespace=always is for processes that have their numbers: not with --no-restore-pid");
  options.quiet = given->has("quiet");
  options.messages = !given->has("kmsg-none");
  options.on_success = given->text("run-on-success");
  options.on_failure = given->text("run-on-failure");
  for (std::size_t i = 0; i < kClasses.size(); ++i) options.on_class[i] = given->text(kClasses[i]);
  refuse_missing(*given);
  return options;
}

}  // namespace cairn::cli
