// SPDX-License-Identifier: Apache-2.0
// cr_info: what this machine offers for checkpoints. cr_info FILE...: what is in a context file, or in those of a process tree.
#include "core/cli/cr_info.hpp"

#include <filesystem>

#include "core/cli/info_options.hpp"
#include "core/cli/report.hpp"

namespace cairn::cli {
namespace {

constexpr char kCommand[] = "cr_info";

int run(const InfoOptions& options) {
  if (options.files.empty()) print_machine_info();
  for (const std::string& file : options.files) {
    if (std::filesystem::is_directory(file))
      print_group_info(file, options.file);
    else
      print_file_info(file, options.file);
  }
  return CAIRN_EXIT_OK;
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv) {
  using namespace cairn::cli;
  return run_command(kCommand, Voice::line, argc, argv, parse_info, run);
}
