// SPDX-License-Identifier: Apache-2.0
#include "core/cli/checkpoint_options.hpp"

#include <array>
#include <utility>

#include "core/abi/control_protocol.hpp"
#include "core/base/error.hpp"
#include "core/cli/after_signal.hpp"
#include "core/cli/asking_again.hpp"
#include "core/cli/parameter_options.hpp"

namespace cairn::cli {
namespace {

OptionGroup scope() {
  return {"What is saved",
          {{"tree,T", "", "the process ID and its descendants (default)"},
           {"pid,p", "", "the process ID only"},
           {"process", "", "the same as --pid"},
           {"pgid,g", "", "process group ID, and the descendants of those in it"},
           {"group", "", "the same as --pgid"},
           {"sid,s", "", "session ID, and the descendants of those in it"},
           {"session", "", "the same as --sid"}}};
}

OptionGroup place() {
  return {"Where it is saved",
          {{"cwd,c", "", "file context.ID in the current directory (default)"},
           {"dir,d", "DIR", "file context.ID in directory DIR"},
           {"file,f", "FILE", "FILE"},
           {"fd,F", "FD", "open descriptor FD of this command"},
           {"atomic", "", "FILE appears, or is replaced, when it is whole (default)"},
           {"backup", "[=NAME]", "keep an old FILE as NAME; --backup alone: as FILE.~N~"},
           {"clobber", "", "remove an old FILE first"},
           {"noclobber", "", "fail if there is a FILE"}}};
}

OptionGroup manner() {
  OptionGroup group{"How it is saved",
                    {{"save-exe", "", "store the executable's content (default)"},
                     {"save-private", "", "store privately mapped files, libraries above all (default)"},
                     {"save-shared", "", "store files mapped shared"},
                     {"save-all", "", "store all mapped files"},
                     {"ptraced-error", "", "fail for debugged processes (default)"},
                     {"ptraced-skip", "", "leave them out"},
                     {"ptraced-allow", "", "save them all the same"},
                     {"ptracer-error", "", "fail for debuggers (default)"},
                     {"ptracer-skip", "", "leave them out"},
                     {"incremental", "", "store only what has changed since the last time"}}};
  group.options.push_back({"wait", "SEC", kWaitHelp});
  for (const Option& option : parameter_options()) group.options.push_back(option);
  return group;
}

OptionGroup talk() {
  return {"What is said",
          {{"kmsg-none", "", "on failure, do not show what the process reported"},
           {"kmsg-error", "", "show it on failure (default)"},
           {"kmsg-warning", "", "show it on failure, warnings too"},
           {"verbose,v", "", "say what was done"},
           {"quiet,q", "", "no progress line"},
           {"help", "", "this text"},
           {"version", "", "the version of Cairn"}}};
}

CommandLine table() {
  return {.name = "cr_checkpoint",
          .usage = "Usage: cr_checkpoint [OPTION ...] ID\nSaves a running process to a context file.\n",
          .groups = {scope(), place(), after_signal_options(), manner(), talk()}};
}

// Options that are understood but ask for what cannot be done yet: refused, not ignored.
void refuse_missing(const Given& given) {
  static constexpr std::array<std::pair<const char*, const char*>, 6> missing{{
      {"save-shared", "contents of files mapped shared cannot be stored yet"},
      {"save-all", "contents of files mapped shared cannot be stored yet"},
      {"ptraced-skip", "processes cannot be left out yet"},
      {"ptraced-allow", "debugged processes cannot be saved yet"},
      {"ptracer-skip", "processes cannot be left out yet"},
      {"incremental", "incremental checkpoints cannot be taken yet"},
  }};
  for (const auto& [option, why] : missing) {
    if (given.has(option)) throw PermanentError(std::string("--") + option + ": " + why);
  }
}

void check_contradictions(const Given& given) {
  given.at_most_one({"tree", "pid", "process", "pgid", "group", "sid", "session"});
  given.at_most_one({"cwd", "dir", "file", "fd"});
  given.at_most_one({"atomic", "backup", "clobber", "noclobber", "fd"});
  given.at_most_one({"save-none", "save-exe"});
  given.at_most_one({"save-none", "save-private"});
  given.at_most_one({"kmsg-none", "kmsg-error", "kmsg-warning"});
  given.at_most_one({"verbose", "quiet"});
}

void settle_place(const Given& given, CheckpointOptions& options) {
  options.name = "context." + std::to_string(options.id);
  options.directory = given.text("dir", options.directory);
  if (given.has("file")) {
    const std::string path = given.text("file");
    const std::size_t slash = path.rfind('/');
    options.name = base_name(path);
    if (slash != std::string::npos) options.directory = slash == 0 ? "/" : path.substr(0, slash);
    if (options.name.empty()) throw ArgumentError("'" + path + "' is not a file name");
  }
  options.to_descriptor = given.has("fd");
  options.descriptor = given.number<int>("fd", -1, 0);
  options.backup = given.text("backup");
  options.existing = given.has("backup")      ? CAIRN_CONTROL_BACKUP
                     : given.has("clobber")   ? CAIRN_CONTROL_CLOBBER
                     : given.has("noclobber") ? CAIRN_CONTROL_NOCLOBBER
                                              : CAIRN_CONTROL_REPLACE;
}

void settle_manner(const Given& given, CheckpointOptions& options) {
  options.signal = after_signal(given);
  set_parameters(given, options.parameters);
  options.wait = given.seconds("wait", options.wait);
  options.messages = !given.has("kmsg-none");
  options.verbose = given.has("verbose");
  options.quiet = given.has("quiet");
}

}  // namespace

std::optional<CheckpointOptions> parse_checkpoint(const std::vector<std::string>& words) {
  const std::optional<Given> given = parse(table(), words);
  if (!given) return std::nullopt;
  CheckpointOptions options;
  check_contradictions(*given);
  options.id = options.pid = process_of(given->operand("the number of a process, process group or session"));
  options.alone = given->has("pid") || given->has("process");
  if (given->has("pgid") || given->has("group")) options.scope = Scope::group;
  if (given->has("sid") || given->has("session")) options.scope = Scope::session;
  settle_place(*given, options);
  settle_manner(*given, options);
  refuse_missing(*given);
  return options;
}

}  // namespace cairn::cli
