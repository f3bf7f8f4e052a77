// SPDX-License-Identifier: Apache-2.0
#include "core/cli/restart_options.hpp"

#include <fcntl.h>

#include <boost/program_options.hpp>
#include <iostream>
#include <utility>

#include "core/base/error.hpp"
#include "core/cli/after_signal.hpp"
#include "core/cli/tool.hpp"

namespace cairn::tools {
namespace {

namespace po = boost::program_options;

constexpr std::array<const char*, 4> kClasses{"run-on-fail-args", "run-on-fail-temp", "run-on-fail-env",
                                              "run-on-fail-perm"};

void add_place(po::options_description& to) {
  po::options_description group("What is restarted");
  group.add_options()("dir,d", po::value<std::string>()->value_name("DIR"), "look for FILE in DIR")(
      "file,f", po::value<std::string>()->value_name("FILE"), "the context file")(
      "fd,F", po::value<int>()->value_name("FD"), "open descriptor FD of this command")(
      "relocate", po::value<std::vector<std::string>>()->value_name("OLD=NEW"),
      "paths that begin with OLD begin with NEW now (may be repeated)");
  to.add(group);
}

void add_identity(po::options_description& to) {
  po::options_description group("What the processes are");
  group.add_options()("restore-pid", "with the process numbers they had, if that is permitted (default)")(
      "no-restore-pid", "with new ones")("restore-pgid", "in the process groups they were in")(
      "no-restore-pgid", "in this command's (default)")("restore-sid", "in the sessions they were in")(
      "no-restore-sid", "in this command's (default)")(
      "omit-maybe", "bring back those that were left out, if possible")("omit-always", "leave them out")(
      "omit-never", "fail if there are such");
  to.add(group);
}

void add_hooks(po::options_description& to) {
  po::options_description group("Commands to run");
  auto add = group.add_options();
  add("run-on-success", po::value<std::string>()->value_name("CMD"), "once the program goes on");
  add("run-on-failure", po::value<std::string>()->value_name("CMD"), "if it could not be restarted");
  add("run-on-fail-args", po::value<std::string>()->value_name("CMD"), "... because of wrong arguments");
  add("run-on-fail-temp", po::value<std::string>()->value_name("CMD"), "... for now: trying again may help");
  add("run-on-fail-env", po::value<std::string>()->value_name("CMD"), "... on this machine");
  add("run-on-fail-perm", po::value<std::string>()->value_name("CMD"), "... from this file, anywhere");
  to.add(group);
}

void add_talk(po::options_description& to) {
  po::options_description group("What is said");
  group.add_options()("kmsg-none", "on failure, say only that it failed")("kmsg-error", "say why (default)")(
      "kmsg-warning", "warnings too")("verbose,v", "say what was done")("quiet,q", "say nothing but errors")(
      "help", "this text")("version", "the version of Cairn");
  to.add(group);
}

std::string choose_file(const po::variables_map& given) {
  const bool named = given.count("file") != 0, operand = given.count("operand") != 0, fd = given.count("fd") != 0;
  if (named + operand + fd != 1) throw ArgumentError("exactly one context file is needed (see cr_restart --help)");
  if (fd) {
    const int number = given["fd"].as<int>();
    if (fcntl(number, F_GETFD) < 0) throw ArgumentError("descriptor " + std::to_string(number) + " is not open");
    fcntl(number, F_SETFD, 0);
    return "/proc/self/fd/" + std::to_string(number);
  }
  std::string path = given[named ? "file" : "operand"].as<std::string>();
  if (given.count("dir") != 0 && !path.starts_with("/")) path = given["dir"].as<std::string>() + "/" + path;
  return path;
}

void settle_relocation(const po::variables_map& given, RestartOptions& options) {
  if (given.count("relocate") == 0) return;
  for (const std::string& pair : given["relocate"].as<std::vector<std::string>>()) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == pair.size())
      throw ArgumentError("--relocate wants OLD=NEW, not " + pair);
    if (pair.find_first_of("\t\n") != std::string::npos) throw ArgumentError("--relocate: tab or newline in " + pair);
    options.host.relocate.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
}

void refuse_missing(const po::variables_map& given) {
  for (const char* option : {"restore-pgid", "restore-sid"}) {
    if (given.count(option) != 0)
      throw PermanentError(std::string("--") + option + ": process groups and sessions cannot be restored yet");
  }
}

}  // namespace

bool parse_restart_options(int argc, char** argv, RestartOptions& options) {
  po::options_description shown, all;
  add_place(shown);
  shown.add(after_signal_options());
  add_identity(shown);
  add_hooks(shown);
  add_talk(shown);
  all.add(shown);
  all.add_options()("operand", po::value<std::string>());
  po::positional_options_description operands;
  operands.add("operand", 1);
  po::variables_map given;
  try {
    po::store(po::command_line_parser(argc, argv)
                  .options(all)
                  .positional(operands)
                  .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                  .run(),
              given);
    po::notify(given);
  } catch (const po::error& error) {
    throw ArgumentError(std::string(error.what()) + " (see cr_restart --help)");
  }
  if (given.count("help") != 0) {
    std::cout << "Usage: cr_restart [OPTION ...] FILE\nBrings a saved process back.\n\n" << shown;
    return false;
  }
  if (given.count("version") != 0) {
    print_version("cr_restart");
    return false;
  }
  options.file = choose_file(given);
  if (const int signal = after_signal(given); signal != 0) options.host.signals.push_back(signal);
  options.host.verbose = given.count("verbose") != 0;
  options.restore_pid = given.count("no-restore-pid") == 0;
  options.quiet = given.count("quiet") != 0;
  options.messages = given.count("kmsg-none") == 0;
  if (given.count("run-on-success") != 0) options.on_success = given["run-on-success"].as<std::string>();
  if (given.count("run-on-failure") != 0) options.on_failure = given["run-on-failure"].as<std::string>();
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    if (given.count(kClasses[i]) != 0) options.on_class[i] = given[kClasses[i]].as<std::string>();
  }
  settle_relocation(given, options);
  refuse_missing(given);
  return true;
}

}  // namespace cairn::tools
