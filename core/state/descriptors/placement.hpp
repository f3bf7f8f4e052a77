// SPDX-License-Identifier: Apache-2.0
// Which numbers the guest's descriptors have. Ordinary code; asks core/state/resident.hpp which are the host's.
//
// There may be more descriptions than the host has numbers for: so each stands, as soon as it is open, at the first
// number that the program has it at.
#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/state.hpp"

namespace cairn::state {

class Places {
 public:
  explicit Places(std::span<const Descriptor> wanted);
  // Descriptions that have come at any numbers: each goes to its place, or out of the way of what belongs there.
  void take_all(std::span<UniqueFd> opened) const;
  // One that has been opened goes to its place if nobody is there.
  void take(UniqueFd& opened, std::size_t description) const;

 private:
  std::size_t take_from_others(std::span<UniqueFd> opened, std::size_t description) const;

  std::map<std::size_t, int> place_;  // by description; not at 0, 1 and 2, where the new process's own may be
  std::set<int> wanted_;
};

// Afterwards the process has, beside the host's own, exactly the wanted descriptors: copies of `opened`, by
// description, whose descriptors are the host's or at their places; the latter are released. Throws EnvironmentError,
// before anything is changed if the host has one of the numbers.
void place_descriptors(std::span<const Descriptor> wanted, std::span<UniqueFd> opened);

}  // namespace cairn::state
