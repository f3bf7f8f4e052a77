// SPDX-License-Identifier: Apache-2.0
#include "launcher/open_mpi_options.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/base/text.hpp"

namespace cairn::launcher {
namespace {

constexpr char kWithArgument[] =
    "am app bind-to c np n N cf cartofile cpu-list cpu-set cpus-per-proc cpus-per-rank debugger "
    "default-hostfile H host hnp hostfile machinefile launch-agent map-by max-restarts max-vm-size npernode "
    "npersocket num-boards ompi-server output-filename path personality ppr prefix preload-files rank-by "
    "report-events report-pid report-uri rf rankfile slot-list stdin timeout tune wd wdir x xml-file xterm "
    "server-wait-time ras-submit test-suicide ";

}  // namespace

std::size_t argument_count(const std::string& option) {
  static const std::vector<std::string> with_argument = shell_words(kWithArgument);
  const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  if (name == "mca" || name == "gmca") return 2;
  return std::find(with_argument.begin(), with_argument.end(), name) == with_argument.end() ? 0 : 1;
}

std::vector<std::string> export_variables(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& variables) {
  std::string joined;
  for (const std::string& v : variables) joined += ";" + v;
  std::vector<std::string> result = arguments;
  // Open MPI refuses -x beside this parameter.
  for (std::size_t i = 0; i + 2 < result.size(); ++i) {
    if (argument_count(result[i]) == 2 && result[i][0] == '-' && result[i + 1] == "mca_base_env_list") {
      result[i + 2] += joined;
      return result;
    }
  }
  if (const char* list = std::getenv("OMPI_MCA_mca_base_env_list"); list != nullptr && *list != '\0') {
    const std::string extended = list + joined;
    ::setenv("OMPI_MCA_mca_base_env_list", extended.c_str(), 1);
    return result;
  }
  // -x counts for one application context only.
  std::vector<std::string> words;
  const auto add = [&] {
    for (const std::string& v : variables) words.insert(words.end(), {"-x", v});
  };
  add();
  for (const std::string& word : result) {
    words.push_back(word);
    if (word == ":") add();
  }
  return words;
}

}  // namespace cairn::launcher
