// SPDX-License-Identifier: Apache-2.0
// cr_run [--omit] PROGRAM [ARGUMENT ...]: runs a program so that it can be checkpointed.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <vector>

#include "core/base/error.hpp"
#include "core/cli/tool.hpp"

namespace {

constexpr const char* kUsage =
    "Usage: cr_run [--omit] PROGRAM [ARGUMENT ...]\n"
    "Runs PROGRAM so that cr_checkpoint can save it and cr_restart can bring it back.\n\n"
    "  --omit      run it without that: it is left out of checkpoints\n"
    "  --help      this text\n"
    "  --version   the version of Cairn\n";

[[noreturn]] void execute(const std::string& path, char** arguments, bool search) {
  if (search) {
    execvp(path.c_str(), arguments);
  } else {
    execv(path.c_str(), arguments);
  }
  throw cairn::EnvironmentError(cairn::with_errno("cannot run " + path, errno));
}

int run(int argc, char** argv) {
  bool omit = false;
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; ++i) {
    const std::string option = argv[i];
    if (option == "--") {
      ++i;
      break;
    }
    if (option == "--help" || option == "-h") {
      std::cout << kUsage;
      return 0;
    }
    if (option == "--version") {
      cairn::tools::print_version("cr_run");
      return 0;
    }
    if (option != "--omit") throw cairn::ArgumentError("unknown option " + option + " (see cr_run --help)");
    omit = true;
  }
  if (i >= argc) throw cairn::ArgumentError("no program given (see cr_run --help)");
  if (omit) {
    setenv("CAIRN_OMIT", "1", 1);  // libcr in the program must not bring it into a host by itself
    execute(argv[i], argv + i, true);
  }
  const std::string host = cairn::tools::host_program();
  std::vector<char*> words;
  std::string name = host, separator = "--";
  words.push_back(name.data());
  words.push_back(separator.data());
  for (; i < argc; ++i) words.push_back(argv[i]);
  words.push_back(nullptr);
  execute(host, words.data(), false);
}

}  // namespace

int main(int argc, char** argv) {
  return cairn::tools::run_tool("cr_run", [&] { return run(argc, argv); });
}
