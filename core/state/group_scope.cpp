// SPDX-License-Identifier: Apache-2.0
#include "core/state/group_scope.hpp"

#include <algorithm>
#include <tuple>

namespace cairn::state {
namespace {

const GroupScope* scope = nullptr;

template <class Entry>
const Entry* find_by_identity(const std::vector<Entry>& entries, std::uint64_t device, std::uint64_t inode) {
  const auto at = std::lower_bound(
      entries.begin(), entries.end(), std::tuple(device, inode),
      [](const Entry& entry, const auto& wanted) { return std::tuple(entry.device, entry.inode) < wanted; });
  return at != entries.end() && at->device == device && at->inode == inode ? &*at : nullptr;
}

}  // namespace

const MemberFile* GroupSharing::file(std::uint64_t device, std::uint64_t inode) const {
  return find_by_identity(files, device, inode);
}

const MemberFile* GroupSharing::nameless(std::uint64_t device, std::uint64_t inode, bool any_device) const {
  const MemberFile* const exact = file(device, inode);
  if (exact != nullptr && exact->nameless) return exact;
  const auto at = std::find_if(files.begin(), files.end(),
                               [=](const MemberFile& f) { return any_device && f.nameless && f.inode == inode; });
  return at != files.end() ? &*at : nullptr;
}

const MemberMemory* GroupSharing::memory_of(std::uint64_t device, std::uint64_t inode) const {
  return find_by_identity(memory, device, inode);
}

bool GroupSharing::has_process(std::int32_t pid) const {
  return std::find(processes.begin(), processes.end(), pid) != processes.end();
}

bool GroupSharing::concerns(std::int32_t pid) const {
  const auto of_member = [=](const auto& entry) { return entry.pid == pid; };
  return std::any_of(descriptions.begin(), descriptions.end(),
                     [&](const CommonDescription& description) {
                       return std::any_of(description.places.begin(), description.places.end(), of_member);
                     }) ||
         std::any_of(memory.begin(), memory.end(), [&](const MemberMemory& shown) {
           return std::any_of(shown.ranges.begin(), shown.ranges.end(), of_member);
         });
}

std::map<std::int32_t, MemberDescriptor> GroupSharing::saved_by_others(std::int32_t pid) const {
  std::map<std::int32_t, MemberDescriptor> result;
  for (const CommonDescription& description : descriptions) {
    const MemberDescriptor& owner = description.places.front();
    if (owner.pid == pid) continue;
    for (const MemberDescriptor& place : description.places) {
      if (place.pid == pid) result[place.number] = owner;
    }
  }
  return result;
}

InGroup::InGroup(const GroupScope& wanted) noexcept { scope = &wanted; }
InGroup::~InGroup() { scope = nullptr; }

const GroupScope* group_scope() noexcept { return scope; }
const GroupSharing* group_sharing() noexcept { return scope != nullptr ? scope->sharing : nullptr; }
bool sharing_is_open() noexcept { return scope != nullptr && scope->sharing == nullptr; }

}  // namespace cairn::state
