// SPDX-License-Identifier: Apache-2.0
// A debugging aid: does guest memory hold pointers into the host? Such a pointer is meaningless after a restart.
// Ordinary code, while the guest stands still. Turned on by CAIRN_DEBUG=pointers in the environment.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/context/area.hpp"

namespace cairn::state {

struct HostPointer {
  std::uint64_t where = 0;  // guest address of the word
  std::uint64_t value = 0;
  std::string guest_area;  // what is mapped at `where`
  std::string host_area;   // what is mapped at `value`
};

bool host_pointer_scan_wanted() noexcept;
// Every aligned word of present guest memory whose value lies in an accessible mapping of the host. A word may look
// like a pointer by chance; stacks hold dead ones.
std::vector<HostPointer> find_host_pointers(std::span<const Area> areas);
// The same as lines for stderr, at most `most`.
std::string describe(const std::vector<HostPointer>& found, std::size_t most);

}  // namespace cairn::state
