// SPDX-License-Identifier: Apache-2.0
// cr_run [--omit] PROGRAM [ARGUMENT ...]: runs a program so that it can be checkpointed.

#include <cstdlib>

#include "core/base/error.hpp"
#include "core/cli/child.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/installation.hpp"
#include "core/cli/report.hpp"

namespace cairn::cli {
namespace {

constexpr char kCommand[] = "cr_run";

CommandLine table() {
  return {.name = kCommand,
          .usage =
              "Usage: cr_run [--omit] PROGRAM [ARGUMENT ...]\n"
              "Runs PROGRAM so that cr_checkpoint can save it and cr_restart can bring it back.\n",
          .groups = {{"Options",
                      {{"omit", "", "run it as it is: it cannot be saved, and is left out of checkpoints"},
                       {"help,h", "", "this text"},
                       {"version", "", "the version of Cairn"}}}},
          .program_follows = true};
}

std::optional<Given> parse_run(const std::vector<std::string>& words) { return parse(table(), words); }

[[noreturn]] int run(const Given& given) {
  std::vector<std::string> words = given.operands();
  if (words.empty()) throw ArgumentError("no program was given (see cr_run --help)");
  if (given.has("omit")) {
    setenv("CAIRN_OMIT", "1", 1);  // libcr in the program must not bring it into a host by itself
    execute(words.front(), words);
  }
  const std::string host = installed_host("cairn-host");
  words.insert(words.begin(), {host, "--"});
  execute(host, words);
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv) {
  using namespace cairn::cli;
  return run_command(kCommand, Voice::line, argc, argv, parse_run, run);
}
