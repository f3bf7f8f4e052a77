// SPDX-License-Identifier: Apache-2.0
#include "core/state/process/limits.hpp"

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "core/abi/host_table.h"
#include "core/base/futex.hpp"
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

// A line for a limit that is lower than it was; the soft one counts, since it is in force.
void compare(std::size_t number, const Limit& now, const Limit& saved, std::vector<std::string>& notes) {
  if (now.soft >= saved.soft && now.hard >= saved.hard) return;
  const bool soft = now.soft < saved.soft;
  notes.push_back(std::string("the ") + (soft ? "" : "hard ") + "limit of " + kNames[number] + " is " +
                  value(soft ? now.soft : now.hard) + " here; it was " + value(soft ? saved.soft : saved.hard) +
                  " at the checkpoint");
}

Limit get(std::size_t number) {
  rlimit limit{};
  getrlimit(static_cast<__rlimit_resource_t>(number), &limit);
  return {limit.rlim_cur, limit.rlim_max};
}

bool set(std::size_t number, const Limit& limit) {
  const rlimit wanted{limit.soft, limit.hard};
  return setrlimit(static_cast<__rlimit_resource_t>(number), &wanted) == 0;
}

// As it was, or, where it is not allowed to go up again, as near as this user can come. Returns what is in force.
Limit set_nearest(std::size_t number, const Limit& wanted, const Limit& present) {
  if (set(number, wanted)) return wanted;
  const Limit nearest{std::min(wanted.soft, present.hard), std::min(wanted.hard, present.hard)};
  return set(number, nearest) ? nearest : present;
}

// The host's descriptors are above the guest's: the kernel's hard limit does not go down, libcr shows the guest its
// own.
Limit set_files(const Limit& saved, const Limit& present) {
  const Limit wanted{saved.soft, std::max(saved.hard, present.hard)};
  const Limit kernel = set_nearest(RLIMIT_NOFILE, wanted, present);
  CAIRN_TABLE->nofile_soft = saved.soft < kernel.soft ? saved.soft : RLIM_INFINITY;
  CAIRN_TABLE->nofile_hard = saved.hard < kernel.hard ? saved.hard : RLIM_INFINITY;
  return kernel;
}

// While the host has a turn with the numbers of descriptors the soft limit is another one.
Limit files_limit_between_turns() {
  constexpr int kLooks = 2000;
  constexpr timespec kMillisecond{0, 1000000};
  const std::uint32_t& turns = CAIRN_TABLE->host_turns;
  for (int look = 0;; ++look) {
    const std::uint32_t before = load(turns);
    const Limit limit = get(RLIMIT_NOFILE);
    if (((before & 1) == 0 && load(turns) == before) || look == kLooks) return limit;
    nanosleep(&kMillisecond, nullptr);
  }
}

}  // namespace

std::vector<Limit> limits_in_force() {
  std::vector<Limit> limits;
  for (std::size_t i = 0; i < RLIM_NLIMITS; ++i) limits.push_back(get(i));
  return limits;
}

std::vector<Limit> limits_of_guest() {
  std::vector<Limit> limits = limits_in_force();
  Limit& files = limits[RLIMIT_NOFILE];
  files = files_limit_between_turns();
  files = {std::min(files.soft, CAIRN_TABLE->nofile_soft), std::min(files.hard, CAIRN_TABLE->nofile_hard)};
  return limits;
}

void restore_limits(const ProcessState& process, std::uint32_t inherited, std::vector<std::string>& notes) {
  for (std::size_t i = 0; i < process.limits.size() && i < RLIM_NLIMITS; ++i) {
    const Limit &saved = process.limits[i], present = get(i);
    Limit now = present;
    if ((inherited & kInheritedLimit << i) == 0)
      now = i == RLIMIT_NOFILE ? set_files(saved, present) : set_nearest(i, saved, present);
    compare(i, now, saved, notes);
  }
}

}  // namespace cairn::state
