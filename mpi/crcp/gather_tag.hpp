// SPDX-License-Identifier: Apache-2.0
// Tags of the messages by which the members of a group call gather (group_door.cpp). Two threads of a rank may be at
// two such doors at a time, with the same others: their calls need different tags, as far as there are any.
#pragma once

#include <cstdint>

namespace cairn::crcp {

inline constexpr int kGatherRounds = 32;                   // of a dissemination barrier
inline constexpr std::int64_t kOtherTags = 32000;          // from here on others use the channel ...
inline constexpr std::int64_t kBehindOtherTags = 1 << 16;  // ... up to here

// `most` is the library's MPI_TAG_UB, the same at all ranks: 32767 at least.
constexpr int gather_tag(std::uint64_t identity, int round, std::int64_t most) noexcept {
  constexpr std::int64_t kFew = kOtherTags / kGatherRounds;
  const std::int64_t many = (most + 1 - kBehindOtherTags) / kGatherRounds;
  const bool has_many = many > kFew;
  const auto calls = static_cast<std::uint64_t>(has_many ? many : kFew);
  const auto call = static_cast<std::int64_t>(identity / 2 % calls);
  return static_cast<int>((has_many ? kBehindOtherTags : 0) + call * kGatherRounds + round);
}

}  // namespace cairn::crcp
