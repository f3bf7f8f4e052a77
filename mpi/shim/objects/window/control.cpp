// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/control.hpp"

#include <cstring>

namespace cairn::shim {

std::size_t Control::block_bytes(int members) noexcept {
  const std::size_t counters = 2 * static_cast<std::size_t>(members) * sizeof(std::atomic<std::uint32_t>);
  const std::size_t all = sizeof(ControlBlock) + kRegions * sizeof(Region) + counters;
  return (all + kLine - 1) / kLine * kLine;
}

bool Control::map(int descriptor, int members) noexcept {
  members_ = members;
  return memory_.map(descriptor, bytes(members));
}

std::vector<unsigned char> Control::save(int member) const {
  const unsigned char* const from = block(member);
  return {from, from + block_bytes(members_)};
}

void Control::restore(int member, const std::vector<unsigned char>& saved) noexcept {
  std::memcpy(block(member), saved.data(), saved.size());
}

}  // namespace cairn::shim
