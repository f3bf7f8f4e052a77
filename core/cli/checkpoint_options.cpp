// SPDX-License-Identifier: Apache-2.0
#include "core/cli/checkpoint_options.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cerrno>
#include <charconv>
#include <iostream>

#include "core/abi/control_protocol.h"
#include "core/base/error.hpp"
#include "core/cli/after_signal.hpp"
#include "core/cli/tool.hpp"

namespace cairn::tools {
namespace {

namespace po = boost::program_options;

constexpr const char* kNumberedBackup = "numbered-backup";  // what "--backup" without a name becomes

struct Described {
  po::options_description shown, all;
  po::positional_options_description operands;
};

void add_scope(po::options_description& to) {
  po::options_description group("What is saved");
  group.add_options()("tree,T", "the process ID and its descendants (default)")("pid,p", "the process ID only")(
      "process", "the same as --pid")("pgid,g", "process group ID")("group", "the same as --pgid")(
      "sid,s", "session ID")("session", "the same as --sid");
  to.add(group);
}

void add_place(po::options_description& to) {
  po::options_description group("Where it is saved");
  group.add_options()("cwd,c", "file context.ID in the current directory (default)")(
      "dir,d", po::value<std::string>()->value_name("DIR"), "file context.ID in directory DIR")(
      "file,f", po::value<std::string>()->value_name("FILE"), "FILE")("fd,F", po::value<int>()->value_name("FD"),
                                                                      "open descriptor FD of this command")(
      "atomic", "FILE appears, or is replaced, when it is whole (default)")(
      "backup", po::value<std::string>()->value_name("NAME"), "keep an old FILE as NAME; --backup alone: as FILE.~N~")(
      "clobber", "remove an old FILE first")("noclobber", "fail if there is a FILE")(
      "sync", "return when the file is on the disk (default)")("nosync", "do not wait for the disk");
  to.add(group);
}

void add_manner(po::options_description& to) {
  po::options_description group("How it is saved");
  group.add_options()("save-exe", "store the executable's content (default)")(
      "save-private", "store privately mapped files, libraries above all (default)")(
      "save-shared", "store files mapped shared")("save-all", "store all mapped files")(
      "save-none", "refer to executable and libraries by path")(
      "ptraced-error", "fail for debugged processes (default)")("ptraced-skip", "leave them out")(
      "ptraced-allow", "save them all the same")("ptracer-error", "fail for debuggers (default)")(
      "ptracer-skip", "leave them out")("time,t", po::value<double>()->value_name("SEC"),
                                        "give up if the process does not stop within SEC seconds")(
      "engine", po::value<std::string>()->value_name("NAME"), "user, kmod or auto (default)")(
      "fork", "let the process go on while its memory is being written")("no-fork", "write while it stands")(
      "compress", po::value<std::string>()->value_name("KIND"), "lz4, zstd or none (default)")(
      "incremental", "store only what has changed since the last time");
  to.add(group);
}

void add_talk(po::options_description& to) {
  po::options_description group("What is said");
  group.add_options()("kmsg-none", "on failure, do not show what the process reported")(
      "kmsg-error", "show it on failure (default)")("kmsg-warning", "show it on failure, warnings too")(
      "verbose,v", "say what was done")("quiet,q", "no progress line")("help", "this text")("version",
                                                                                            "the version of Cairn");
  to.add(group);
}

Described describe() {
  Described described;
  add_scope(described.shown);
  add_place(described.shown);
  described.shown.add(after_signal_options());
  add_manner(described.shown);
  add_talk(described.shown);
  described.all.add(described.shown);
  described.all.add_options()("id", po::value<std::string>())(kNumberedBackup, "");
  described.operands.add("id", 1);
  return described;
}

// Options that are understood but ask for what cannot be done yet: refused, not ignored.
void refuse_missing(const po::variables_map& given) {
  static constexpr std::array<std::pair<const char*, const char*>, 10> missing{{
      {"pgid", "process groups cannot be saved yet"},
      {"group", "process groups cannot be saved yet"},
      {"sid", "sessions cannot be saved yet"},
      {"session", "sessions cannot be saved yet"},
      {"save-shared", "contents of files mapped shared cannot be stored yet"},
      {"save-all", "contents of files mapped shared cannot be stored yet"},
      {"ptraced-skip", "processes cannot be left out yet"},
      {"ptraced-allow", "debugged processes cannot be saved yet"},
      {"ptracer-skip", "processes cannot be left out yet"},
      {"incremental", "incremental checkpoints cannot be taken yet"},
  }};
  for (const auto& [option, why] : missing) {
    if (given.count(option) != 0) throw PermanentError(std::string("--") + option + ": " + why);
  }
}

void at_most_one(const po::variables_map& given, std::initializer_list<const char*> names) {
  std::string found;
  for (const char* name : names) {
    if (given.count(name) == 0) continue;
    if (!found.empty()) throw ArgumentError("--" + found + " and --" + name + " contradict each other");
    found = name;
  }
}

void check_contradictions(const po::variables_map& given) {
  at_most_one(given, {"tree", "pid", "process", "pgid", "group", "sid", "session"});
  at_most_one(given, {"cwd", "dir", "file", "fd"});
  at_most_one(given, {"atomic", "backup", kNumberedBackup, "clobber", "noclobber", "fd"});
  at_most_one(given, {"fork", "no-fork"});
  at_most_one(given, {"sync", "nosync"});
  at_most_one(given, {"save-none", "save-exe"});
  at_most_one(given, {"save-none", "save-private"});
  at_most_one(given, {"kmsg-none", "kmsg-error", "kmsg-warning"});
  at_most_one(given, {"verbose", "quiet"});
}

pid_t parse_pid(const po::variables_map& given) {
  if (given.count("id") == 0) throw ArgumentError("no process given (see cr_checkpoint --help)");
  const std::string text = given["id"].as<std::string>();
  pid_t pid = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || pid <= 0)
    throw ArgumentError("not a process number: " + text);
  return pid;
}

void settle_place(const po::variables_map& given, CheckpointOptions& options) {
  options.name = "context." + std::to_string(options.pid);
  if (given.count("dir") != 0) options.directory = given["dir"].as<std::string>();
  if (given.count("file") != 0) {
    const std::string path = given["file"].as<std::string>();
    const std::size_t slash = path.rfind('/');
    options.name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (slash != std::string::npos) options.directory = slash == 0 ? "/" : path.substr(0, slash);
    if (options.name.empty()) throw ArgumentError("not a file name: " + path);
  }
  if (given.count("fd") != 0) {
    options.to_descriptor = true;
    options.descriptor = given["fd"].as<int>();
  }
  if (given.count("backup") != 0) options.backup = given["backup"].as<std::string>();
  const bool backup = given.count("backup") + given.count(kNumberedBackup) != 0;
  options.existing = backup                          ? CAIRN_CONTROL_BACKUP
                     : given.count("clobber") != 0   ? CAIRN_CONTROL_CLOBBER
                     : given.count("noclobber") != 0 ? CAIRN_CONTROL_NOCLOBBER
                                                     : CAIRN_CONTROL_REPLACE;
}

std::string word(const po::variables_map& given, const char* option, std::size_t capacity) {
  std::string text = given[option].as<std::string>();
  if (text.size() > capacity) throw ArgumentError(std::string("the operand of --") + option + " is too long: " + text);
  return text;
}

void settle_manner(const po::variables_map& given, CheckpointOptions& options) {
  options.signal = after_signal(given);
  CheckpointParameters& wanted = options.parameters;
  if (given.count("time") != 0) wanted.timeout = given["time"].as<double>();
  if (wanted.timeout < 0) throw ArgumentError("--time must not be negative");
  if (given.count("engine") != 0) wanted.engine = word(given, "engine", wanted.engine.capacity);
  if (given.count("compress") != 0) wanted.compress = word(given, "compress", wanted.compress.capacity);
  if (given.count("fork") != 0) wanted.fork = ForkMode::yes;
  if (given.count("no-fork") != 0) wanted.fork = ForkMode::no;
  wanted.sync = given.count("nosync") == 0;
  wanted.by_reference = given.count("save-none") != 0;
  options.messages = given.count("kmsg-none") == 0;
  options.verbose = given.count("verbose") != 0;
  options.quiet = given.count("quiet") != 0;
}

}  // namespace

bool parse_checkpoint_options(int argc, char** argv, CheckpointOptions& options) {
  const Described described = describe();
  std::vector<std::string> words(argv + 1, argv + argc);
  // Boost would take the operand for the name of the backup.
  std::replace(words.begin(), words.end(), std::string("--backup"), std::string(kNumberedBackup).insert(0, "--"));
  po::variables_map given;
  try {
    po::store(po::command_line_parser(words)
                  .options(described.all)
                  .positional(described.operands)
                  .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                  .run(),
              given);
    po::notify(given);
  } catch (const po::error& error) {
    throw ArgumentError(std::string(error.what()) + " (see cr_checkpoint --help)");
  }
  if (given.count("help") != 0) {
    std::cout << "Usage: cr_checkpoint [OPTION ...] ID\nSaves a running process to a context file.\n\n"
              << described.shown;
    return false;
  }
  if (given.count("version") != 0) {
    print_version("cr_checkpoint");
    return false;
  }
  check_contradictions(given);
  options.pid = parse_pid(given);
  settle_place(given, options);
  settle_manner(given, options);
  refuse_missing(given);
  return true;
}

UniqueFd open_target(const CheckpointOptions& options) {
  if (options.to_descriptor) {
    UniqueFd fd(fcntl(options.descriptor, F_DUPFD_CLOEXEC, 0));
    if (!fd) throw EnvironmentError(with_errno("descriptor " + std::to_string(options.descriptor), errno));
    return fd;
  }
  UniqueFd fd(open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("directory " + options.directory, errno));
  return fd;
}

}  // namespace cairn::tools
