// SPDX-License-Identifier: Apache-2.0
#include "core/state/process/new_environment.hpp"

#include <algorithm>

namespace cairn::state {
namespace {

// Of the launchers that a job can be restarted by; what they said to the old processes is wrong for the new ones.
constexpr const char* kLaunchers[] = {"PMIX_*", "OMPI_*", "PRTE_*", "ORTE_*"};
// Of those, what tells of the program: to the launcher it is now the host.
constexpr const char* kOfProgram[] = {"OMPI_COMMAND", "OMPI_ARGV"};
// Of batch systems and of the launchers of their steps. A process that is restarted outside of one has none of them.
constexpr const char* kBatchSystems[] = {
    "SLURM_*", "SLURMD_*",    "SRUN_*",         "PBS_*",     "LSB_*",         "LS_*",
    "SGE_*",   "FLUX_*",      "OAR_*",          "COBALT_*",  "_CONDOR_*",     "PALS_*",
    "PMI_*",   "AWS_BATCH_*", "PMIX_NAMESPACE", "PMIX_RANK", "PMIX_SERVER_*", "OMPI_COMM_WORLD_*"};
// Those that batch systems set besides, and others may have set; and those of the login, which lead to what ends with
// it, or name the machine: only replaced, never removed.
constexpr const char* kSingle[] = {"TMPDIR",
                                   "JOB_ID",
                                   "JOB_NAME",
                                   "NSLOTS",
                                   "PE_HOSTFILE",
                                   "QUEUE",
                                   "NHOSTS",
                                   "CUDA_VISIBLE_DEVICES",
                                   "ROCR_VISIBLE_DEVICES",
                                   "GPU_DEVICE_ORDINAL",
                                   "HOSTNAME",
                                   "XDG_RUNTIME_DIR",
                                   "XDG_SESSION_ID",
                                   "DBUS_SESSION_BUS_ADDRESS",
                                   "SSH_AUTH_SOCK",
                                   "SSH_CONNECTION",
                                   "SSH_CLIENT",
                                   "KRB5CCNAME",
                                   "DISPLAY",
                                   "WAYLAND_DISPLAY",
                                   "XAUTHORITY"};

bool is_single(const std::string& name) {
  return std::any_of(std::begin(kSingle), std::end(kSingle), [&](const char* single) { return name == single; });
}

bool is_about(const std::string& name, const std::string& entry) {
  if (name.ends_with("*")) return entry.starts_with(name.substr(0, name.size() - 1));
  return entry.starts_with(name + "=");
}

bool is_one_of(const std::vector<std::string>& names, const std::string& entry) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return is_about(name, entry); });
}

}  // namespace

std::string new_environment(const std::vector<std::string>& environment, const restart::Options& options) {
  const bool in_job = std::any_of(environment.begin(), environment.end(),
                                  [](const auto& e) { return e.starts_with("PMIX_NAMESPACE="); });
  std::vector<std::string> names(std::begin(kBatchSystems), std::end(kBatchSystems));
  std::vector<std::string> saved = options.saved_environment;
  if (in_job) {
    names.insert(names.end(), std::begin(kLaunchers), std::end(kLaunchers));
    saved.insert(saved.end(), std::begin(kOfProgram), std::end(kOfProgram));
  }
  names.insert(names.end(), std::begin(kSingle), std::end(kSingle));
  names.insert(names.end(), options.new_environment.begin(), options.new_environment.end());
  std::erase_if(names,
                [&](const std::string& name) { return std::find(saved.begin(), saved.end(), name) != saved.end(); });
  std::string entries;
  for (const std::string& name : saved) entries += '!' + name + '\0';
  for (const std::string& name : names) {
    if (!is_single(name)) entries += name + '\0';
  }
  for (const std::string& entry : environment) {
    if (is_one_of(names, entry) && !is_one_of(saved, entry)) entries += entry + '\0';
  }
  return entries;
}

}  // namespace cairn::state
