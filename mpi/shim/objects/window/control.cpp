// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/control.hpp"

#include <algorithm>
#include <cstring>

namespace cairn::shim {

std::size_t Control::block_bytes(int members) noexcept {
  const std::size_t counters = 2 * static_cast<std::size_t>(members) * sizeof(std::atomic<std::uint32_t>);
  const std::size_t all = kCountersAt + counters;
  return (all + kLine - 1) / kLine * kLine;
}

bool Control::is_attached(void* block, std::uint64_t first, std::uint64_t behind) noexcept {
  if (static_cast<ControlBlock*>(block)->uncounted.load() != 0) return true;
  const Region* const regions = regions_of(block);
  return std::any_of(regions, regions + kRegions, [=](const Region& region) {
    const std::uint64_t start = region.start.load();
    return first >= start && first <= behind && behind <= start + region.bytes.load();
  });
}

bool Control::map(int descriptor, int members) noexcept {
  members_ = members;
  own_.clear();
  return memory_.map(descriptor, bytes(members));
}

void Control::have_own(int members) {
  members_ = members;
  memory_.unmap();
  own_.assign(block_bytes(members), 0);
}

std::vector<unsigned char> Control::save(int member) const {
  if (!own_.empty()) {
    ControlBlock& own = of(member);
    const std::uint64_t packed = own.packed.load();
    own.lock.next.store(PackedLock::ticket(packed));
    own.lock.reading.store(PackedLock::reading(packed));
    own.lock.writing.store(PackedLock::writing(packed));
  }
  const unsigned char* const from = block(member);
  return {from, from + block_bytes(members_)};
}

void Control::restore(int member, const std::vector<unsigned char>& saved) noexcept {
  std::memcpy(block(member), saved.data(), saved.size());
  ControlBlock& own = of(member);
  own.packed.store(PackedLock::pack(own.lock.next.load(), own.lock.reading.load(), own.lock.writing.load()));
}

}  // namespace cairn::shim
