// SPDX-License-Identifier: Apache-2.0
#include "launcher/mca_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace cairn::launcher {
namespace {

constexpr const char* kFamilies[] = {"OMPI_MCA_", "PMIX_MCA_"};

// Names behind the family's, or beginnings of names, of what is said to one process or for one job.
constexpr const char* kNotTold[] = {"ess",
                                    "ess_base_",
                                    "pmix",
                                    "sec_",
                                    "orte_app_num",
                                    "orte_ess_",
                                    "orte_hnp_uri",
                                    "orte_jobfam_session_dir",
                                    "orte_launch",
                                    "orte_local_daemon_uri",
                                    "orte_parent_uri",
                                    "orte_precondition_transports",
                                    "orte_top_session_dir",
                                    "initial_wdir",
                                    "shmem_RUNTIME_QUERY_hint"};

// What is behind the family's name; empty if it is of none.
std::string parameter_of(const std::string& entry) {
  for (const std::string family : kFamilies) {
    const std::size_t end = entry.find('=');
    if (entry.starts_with(family) && end != std::string::npos) return entry.substr(family.size(), end - family.size());
  }
  return {};
}

bool is_told(const std::string& entry) {
  const std::string parameter = parameter_of(entry);
  return !parameter.empty() && std::none_of(std::begin(kNotTold), std::end(kNotTold), [&](const std::string& name) {
    return name.ends_with('_') ? parameter.starts_with(name) : parameter == name;
  });
}

bool is_said(const std::string& parameter, const std::vector<std::string>& options) {
  for (std::size_t i = 0; i + 1 < options.size(); ++i) {
    const std::string& option = options[i];
    const std::size_t name = std::min(option.find_first_not_of('-'), option.size());
    if (name > 0 && (option.substr(name) == "mca" || option.substr(name) == "gmca") && options[i + 1] == parameter)
      return true;
  }
  return false;
}

std::string name_of(const std::string& entry) { return entry.substr(0, entry.find('=')); }

}  // namespace

std::vector<std::string> mca_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (is_told(*entry)) entries.emplace_back(*entry);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<std::string> mca_environment_again(const std::vector<std::string>& told,
                                               const std::vector<std::string>& anew) {
  std::vector<std::string> entries;
  for (const std::string& entry : told) {
    if (is_told(entry) && std::getenv(name_of(entry).c_str()) == nullptr && !is_said(parameter_of(entry), anew))
      entries.push_back(entry);
  }
  return entries;
}

void set_environment(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries)
    ::setenv(name_of(entry).c_str(), entry.substr(entry.find('=') + 1).c_str(), 1);
}

}  // namespace cairn::launcher
