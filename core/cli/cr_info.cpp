// SPDX-License-Identifier: Apache-2.0
// cr_info: what this machine offers for checkpoints. cr_info FILE...: what is in a context file.
#include "core/cli/cr_info.hpp"

#include <boost/program_options.hpp>
#include <iostream>

#include "core/base/error.hpp"
#include "core/cli/tool.hpp"

namespace po = boost::program_options;

namespace {

constexpr char kName[] = "cr_info";

int run(int argc, char** argv) {
  std::vector<std::string> files;
  cairn::tools::FileInfoOptions options;
  po::options_description visible("Usage: cr_info [options] [FILE...]\n\nOptions");
  visible.add_options()("areas,a", po::bool_switch(&options.areas), "list every area of the process's memory")(
      "objects,o", po::bool_switch(&options.objects), "list the files that are stored with it, and their originals")(
      "verify,V", po::bool_switch(&options.verify), "check everything in the file, memory and stored files too")(
      "threads,t", po::value(&options.threads)->value_name("N")->default_value(options.threads),
      "threads for --verify")("help,h", "show this and end")("version,v", "show the version and end");
  po::options_description all;
  all.add(visible).add_options()("file", po::value(&files));
  po::positional_options_description operands;
  operands.add("file", -1);
  po::variables_map seen;
  try {
    po::store(po::command_line_parser(argc, argv).options(all).positional(operands).run(), seen);
    po::notify(seen);
  } catch (const po::error& error) {
    throw cairn::ArgumentError(std::string(error.what()) + " (cr_info --help shows what there is)");
  }
  if (seen.count("help") != 0) {
    std::cout << visible << "\nWithout FILE: what this machine offers for checkpoints.\n";
    return CAIRN_EXIT_OK;
  }
  if (seen.count("version") != 0) {
    cairn::tools::print_version(kName);
    return CAIRN_EXIT_OK;
  }
  if (files.empty()) {
    if (options.areas || options.objects || options.verify) throw cairn::ArgumentError("which file?");
    cairn::tools::print_machine_info();
  }
  for (const std::string& file : files) cairn::tools::print_file_info(file, options);
  return CAIRN_EXIT_OK;
}

}  // namespace

int main(int argc, char** argv) {
  return cairn::tools::run_tool(kName, [&] { return run(argc, argv); });
}
