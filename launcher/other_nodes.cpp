// SPDX-License-Identifier: Apache-2.0
#include "launcher/other_nodes.hpp"

#include <algorithm>
#include <cstdlib>

namespace cairn::launcher {
namespace {

constexpr const char* kOptions[] = {"host",     "H",  "hostfile", "machinefile", "default-hostfile",
                                    "rankfile", "rf", "app"};
// From which Open MPI takes its nodes.
constexpr const char* kBatchSystems[] = {"SLURM_JOBID", "SLURM_JOB_ID", "PBS_JOBID",
                                         "LSB_JOBID",   "PE_HOSTFILE",  "OMPI_MCA_orte_default_hostfile"};

bool names_nodes(const std::string& word) {
  if (!word.starts_with("-")) return false;
  const std::string name = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  return std::find(std::begin(kOptions), std::end(kOptions), name) != std::end(kOptions);
}

}  // namespace

bool may_use_other_nodes(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), names_nodes) ||
         std::any_of(std::begin(kBatchSystems), std::end(kBatchSystems),
                     [](const char* name) { return std::getenv(name) != nullptr; });
}

}  // namespace cairn::launcher
