// SPDX-License-Identifier: Apache-2.0
// What kinds of connections have in common: their ends are known by their inodes, each process saves those that it
// has, and one end may be all that is left. Ordinary code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {

// EndDetail::own.
struct WhichEnd {
  std::uint64_t inode = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(inode);
  }
};

inline std::vector<std::uint8_t> describe_end(const OpenFile& file, const OpenFiles& /*all*/) {
  WhichEnd which{file.status.st_ino};
  return encode(which);
}

// Throws PermanentError.
inline WhichEnd which_end(const Description& description) {
  return decode<WhichEnd>(detail_of<EndDetail>(description).own, "files, " + description.path);
}

inline void check_end(const Description& description) { static_cast<void>(which_end(description)); }

// Has the process, whose `ends` these are, or its group the socket open? While nobody knows yet it may.
inline bool is_in_reach(const ObjectEnds& ends, std::uint64_t device, std::uint64_t inode) {
  const bool here =
      std::any_of(ends.begin(), ends.end(), [=](const OpenFile* end) { return end->status.st_ino == inode; });
  const GroupSharing* sharing = group_sharing();
  return here || sharing_is_open() || (sharing != nullptr && sharing->file(device, inode) != nullptr);
}

// Saved by one process: one end, or both. `End` has an inode.
template <class End>
struct ConnectionDetail {
  std::vector<End> ends;
  template <class Archive>
  void fields(Archive& a) {
    a(ends);
  }
};

// What each process has saved of its ends.
template <class End>
std::vector<End> ends_of(ObjectParts parts, const char* what) {
  std::vector<End> ends;
  for (const ObjectPart& part : parts) {
    for (End& end : decode<ConnectionDetail<End>>(part.object.detail, what).ends) ends.push_back(std::move(end));
  }
  return ends;
}

// As ObjectKind::make() returns them. `made` belong to `ends`, in their order.
template <class End>
std::vector<UniqueFd> hand_out(std::span<const Description* const> descriptions, const std::vector<End>& ends,
                               std::vector<UniqueFd> made) {
  std::vector<UniqueFd> result(descriptions.size());
  for (std::size_t i = 0; i < descriptions.size(); ++i) {
    const std::uint64_t inode = which_end(*descriptions[i]).inode;
    const auto end = std::find_if(ends.begin(), ends.end(), [=](const End& e) { return e.inode == inode; });
    const auto place = static_cast<std::size_t>(end - ends.begin());
    if (place >= made.size() || !made[place]) throw PermanentError("a connection has one end twice");
    result[i] = std::move(made[place]);
  }
  return result;
}

}  // namespace cairn::state
