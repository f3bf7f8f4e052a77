// SPDX-License-Identifier: Apache-2.0
#include "core/state/process/limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>

#include "core/abi/host_table.h"
#include "core/state/resident.hpp"
#include "core/state/settings/state.hpp"

namespace cairn::state {
namespace {

// By number; as getrlimit(2) explains them.
constexpr std::array<const char*, RLIM_NLIMITS> kNames{
    "processor time (ulimit -t)",     "size of files (ulimit -f)",
    "data segment (ulimit -d)",       "stack (ulimit -s)",
    "core files (ulimit -c)",         "resident memory (ulimit -m)",
    "processes (ulimit -u)",          "open files (ulimit -n)",
    "locked memory (ulimit -l)",      "address space (ulimit -v)",
    "file locks (ulimit -x)",         "pending signals (ulimit -i)",
    "message queues (ulimit -q)",     "nice (ulimit -e)",
    "real-time priority (ulimit -r)", "real-time computing (ulimit -R)"};

std::string value(std::uint64_t limit) { return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit); }

std::string lower(std::size_t number, std::uint64_t now, std::uint64_t saved) {
  return std::string("the limit of ") + kNames[number] + " is " + value(now) + " here; it was " + value(saved) +
         " at the checkpoint";
}

}  // namespace

void restore_limits(const ProcessState& process, std::uint32_t inherited, std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < process.limits.size() && i < RLIM_NLIMITS; ++i) {
    const auto resource = static_cast<__rlimit_resource_t>(i);
    const Limit& saved = process.limits[i];
    rlimit wanted{saved.soft, saved.hard}, present{};
    getrlimit(resource, &present);
    if ((inherited & kInheritedLimit << i) != 0) {
      if (present.rlim_cur < saved.soft) notes.push_back(lower(i, present.rlim_cur, saved.soft));
      continue;
    }
    if (resource == RLIMIT_NOFILE) {
      // The host's descriptors are above the guest's; libcr shows the guest its own limit.
      CAIRN_TABLE->nofile_soft = saved.soft;
      wanted.rlim_cur = std::max(wanted.rlim_cur, present.rlim_cur);
      wanted.rlim_max = std::max(wanted.rlim_max, wanted.rlim_cur);
    }
    if (setrlimit(resource, &wanted) == 0) continue;
    // Not allowed to go up again: as near as this user can come.
    wanted.rlim_max = present.rlim_max;
    wanted.rlim_cur = std::min<rlim_t>(wanted.rlim_cur, present.rlim_max);
    setrlimit(resource, &wanted);
    if (wanted.rlim_cur < saved.soft) notes.push_back(lower(i, wanted.rlim_cur, saved.soft));
  }
}

}  // namespace cairn::state
