// SPDX-License-Identifier: Apache-2.0
#include "core/cli/info_options.hpp"

#include "core/base/error.hpp"
#include "core/cli/command_line.hpp"

namespace cairn::cli {
namespace {

CommandLine table() {
  return {.name = "cr_info",
          .usage = "Usage: cr_info [options] [FILE | DIRECTORY...]\n",
          .groups = {{"Options",
                      {{"areas,a", "", "list every area of the process's memory"},
                       {"objects,o", "", "list the files that are stored with it, and their originals"},
                       {"ipc,i", "", "list System V objects, POSIX message queues and locks on files"},
                       {"verify,V", "", "check everything in the file, memory and stored files too"},
                       {"threads,t", "N", "threads for --verify (2)"},
                       {"help,h", "", "show this and end"},
                       {"version,v", "", "show the version and end"}}}},
          .notes = "\nWithout FILE: what this machine offers for checkpoints. DIRECTORY: that of a process tree.\n",
          .abbreviations = true};
}

}  // namespace

std::optional<InfoOptions> parse_info(const std::vector<std::string>& words) {
  const auto given = parse(table(), words);
  if (!given) return std::nullopt;
  InfoOptions o;
  o.files = given->operands();
  o.file.areas = given->has("areas");
  o.file.objects = given->has("objects");
  o.file.ipc = given->has("ipc");
  o.file.verify = given->has("verify");
  o.file.threads = given->number<unsigned>("threads", o.file.threads, 1);
  for (const char* option : {"areas", "objects", "ipc", "verify"}) {
    if (given->has(option) && o.files.empty())
      throw ArgumentError(std::string("--") + option + " wants a context file");
  }
  return o;
}

}  // namespace cairn::cli
