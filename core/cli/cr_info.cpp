// SPDX-License-Identifier: Apache-2.0
// cr_info: what this machine offers for checkpoints. cr_info FILE...: what is in a context file.
#include "core/cli/cr_info.hpp"

#include "core/base/error.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/report.hpp"

namespace cairn::cli {
namespace {

constexpr char kCommand[] = "cr_info";

CommandLine table() {
  return {.name = kCommand,
          .usage = "Usage: cr_info [options] [FILE...]\n",
          .groups = {{"Options",
                      {{"areas,a", "", "list every area of the process's memory"},
                       {"objects,o", "", "list the files that are stored with it, and their originals"},
                       {"verify,V", "", "check everything in the file, memory and stored files too"},
                       {"threads,t", "N", "threads for --verify (2)"},
                       {"help,h", "", "show this and end"},
                       {"version,v", "", "show the version and end"}}}},
          .notes = "\nWithout FILE: what this machine offers for checkpoints.\n",
          .abbreviations = true};
}

int run(int argc, char** argv) {
  const auto given = parse(table(), {argv + 1, argv + argc});
  if (!given) return CAIRN_EXIT_OK;
  FileInfoOptions options;
  options.areas = given->has("areas");
  options.objects = given->has("objects");
  options.verify = given->has("verify");
  options.threads = given->number<unsigned>("threads", options.threads, 1);
  if (given->operands().empty()) {
    for (const char* option : {"areas", "objects", "verify"}) {
      if (given->has(option)) throw ArgumentError(std::string("--") + option + " wants a context file");
    }
    print_machine_info();
  }
  for (const std::string& file : given->operands()) print_file_info(file, options);
  return CAIRN_EXIT_OK;
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv) {
  using namespace cairn::cli;
  return run_command(kCommand, Voice::line, [&] { return run(argc, argv); });
}
