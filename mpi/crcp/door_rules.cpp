// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/door_rules.hpp"

#include <algorithm>

namespace cairn::crcp {

bool DoorCounters::is_owed(std::uint64_t k) const noexcept {
  return std::any_of(owed.begin(), owed.end(), [&](const Interval& i) { return i.first <= k && k <= i.last; });
}

bool DoorCounters::admitted(std::uint64_t k) const noexcept {
  if (issued != k) return false;
  return std::none_of(admissions.begin(), admissions.end(), [&](const Admission& a) { return a.k == k && a.pending; });
}

bool needs_issue(Mode mode, const DoorCounters& door, std::uint64_t k) noexcept {
  if (door.alone || door.entered != k - 1 || door.issued >= k) return false;
  const bool has_limit = mode == Mode::admit || mode == Mode::left;
  return (has_limit && k > door.limit) || ((has_limit || mode == Mode::normal) && door.is_owed(k));
}

bool is_open(Mode mode, const DoorCounters& door, std::uint64_t k) noexcept {
  if (door.entered != k - 1 || needs_issue(mode, door, k)) return false;
  switch (mode) {
    case Mode::normal:
    case Mode::left:
      return true;
    case Mode::waitres:
    case Mode::closed:
      return false;
    case Mode::admit:
      return door.alone || k <= door.limit || door.admitted(k);
    case Mode::release:
      return k <= door.limit2;
  }
  return false;
}

bool may_free(Mode mode, const DoorCounters& door) noexcept {
  return mode == Mode::release ||
         std::none_of(door.admissions.begin(), door.admissions.end(), [](const Admission& a) { return a.pending; });
}

bool tidy_admissions(DoorCounters& door) noexcept {
  // The newest stays: it answers admitted(issued).
  while (!door.admissions.empty() && !door.admissions.front().pending &&
         (door.admissions.size() > 1 || door.entered >= door.admissions.front().k))
    door.admissions.erase(door.admissions.begin());
  std::erase_if(door.owed, [&](const Interval& i) { return i.last <= door.entered; });
  return !door.admissions.empty() || !door.owed.empty();
}

bool add_owed(DoorCounters& door) {
  const std::uint64_t first = std::max(door.limit, door.limit2) + 1;
  if (first > door.top) return false;
  door.owed.push_back({first, door.top});
  return true;
}

void forget_admissions(DoorCounters& door) noexcept {
  door.issued = 0;
  door.owed.clear();
  door.admissions.clear();
}

bool admissions_settled(const DoorCounters& door) noexcept {
  return std::none_of(door.admissions.begin(), door.admissions.end(),
                      [&](const Admission& a) { return a.k <= door.limit2 && a.pending; });
}

bool is_level_on(std::uint64_t limit, const DoorCounters* door, bool forgotten) noexcept {
  return door != nullptr ? door->entered >= limit : limit == 0 || forgotten;
}

bool proves_left(const std::vector<std::int32_t>& newer, const std::vector<std::int32_t>& freed) noexcept {
  return std::includes(newer.begin(), newer.end(), freed.begin(), freed.end());
}

}  // namespace cairn::crcp
