// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/known.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace cairn::crcp {

std::vector<RankRun> runs_of(const std::vector<std::int32_t>& sorted) {
  std::vector<RankRun> runs;
  for (const std::int32_t r : sorted) {
    if (!runs.empty() && r == runs.back().first + static_cast<std::int32_t>(runs.back().count))
      ++runs.back().count;
    else
      runs.push_back({r, 1});
  }
  return runs;
}

std::vector<std::int32_t> ranks_of(const std::vector<RankRun>& runs) {
  constexpr std::uint64_t kMost = 1U << 24;
  std::uint64_t count = 0;
  for (const RankRun& run : runs) {
    count += run.count;
    if (count > kMost || run.first < 0 || static_cast<std::uint64_t>(run.first) > kMost)
      throw PermanentError("a communicator with more members than a job can have");
  }
  std::vector<std::int32_t> ranks;
  ranks.reserve(count);
  for (const RankRun& run : runs)
    for (std::uint32_t i = 0; i < run.count; ++i) ranks.push_back(run.first + static_cast<std::int32_t>(i));
  return ranks;
}

bool KnownComm::has(std::int32_t world_rank) const noexcept {
  return std::binary_search(members.begin(), members.end(), world_rank);
}

const KnownComm* KnownComms::find(std::uint64_t identity) const noexcept {
  const auto found =
      std::find_if(comms_.begin(), comms_.end(), [&](const KnownComm& k) { return k.identity == identity; });
  return found == comms_.end() ? nullptr : &*found;
}

KnownComm& KnownComms::make(std::uint64_t identity, const std::vector<RankRun>& members) {
  if (const KnownComm* known = find(identity)) return const_cast<KnownComm&>(*known);
  KnownComm& made = comms_.emplace_back();
  made.identity = identity;
  made.members = ranks_of(members);
  return made;
}

void KnownComms::add(const EnteredCounts& counts) {
  for (const EnteredCount& c : counts.comms) {
    KnownComm& k = make(c.identity, c.members);
    k.limit = std::max(k.limit, c.entered);
  }
}

void KnownComms::add(const Positions& positions) {
  released_.insert(released_.end(), positions.group_calls.begin(), positions.group_calls.end());
  for (const Position& p : positions.comms) {  // also of what was made since F0
    KnownComm& k = make(p.identity, p.members);
    k.limit2 = std::max(k.limit2, p.entered);
    k.top = std::max(k.top, p.issued);
  }
}

bool OwedLater::take(std::uint64_t identity, std::vector<Interval>& owed) {
  for (const Owed& o : all_)
    if (o.identity == identity) owed.push_back(o.owed);
  return std::erase_if(all_, [&](const Owed& o) { return o.identity == identity; }) != 0;
}

bool KnownComms::is_released(std::uint64_t group_call) const noexcept {
  return std::find(released_.begin(), released_.end(), group_call) != released_.end();
}

}  // namespace cairn::crcp
