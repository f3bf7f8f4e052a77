// SPDX-License-Identifier: Apache-2.0
#include "launcher/rank_activity.hpp"

#include <algorithm>
#include <sstream>

namespace cairn::launcher {
namespace {

constexpr const char* kWaits = "waiting for the others";  // how a rank that is ready ends its text (mpi/crcp)

// How far a rank is that is behind on a communicator; false if it does not say so.
bool is_late_on(const pmix::RankState& state, std::uint64_t comm, std::uint64_t round) {
  std::istringstream words(state.late_on);
  std::uint64_t identity = 0, entered = 0;
  char colon = 0;
  while (words >> identity >> colon >> entered)
    if (identity == comm && entered < round) return true;
  return false;
}

std::string joined(const std::vector<std::uint64_t>& ranks) {
  constexpr std::size_t kMost = 8;
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size() && i < kMost; ++i) text += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  if (ranks.size() > kMost) text += " and " + std::to_string(ranks.size() - kMost) + " more";
  return text;
}

// "MPI_Recv on MPI_COMM_WORLD (from rank 3, tag 7)"
std::string on_what(const pmix::ThreadState& thread) {
  std::string text = thread.call;
  if (!thread.object.empty()) text += " on " + thread.object;
  if (!thread.peers.empty()) text += " (" + thread.peers + ")";
  return text;
}

// One of its threads is in a collective to which others have not come.
bool waits_for_others(const pmix::JobStatus& status, const pmix::RankState& state) {
  return std::any_of(state.threads.begin(), state.threads.end(),
                     [&](const auto& thread) { return !not_come(status, state, thread.second).empty(); });
}

}  // namespace

bool is_behind(const pmix::RankState& state) {
  if (state.phase == "silent") return true;
  return state.phase == "coordinating" && !state.text.empty() && !state.text.ends_with(kWaits) &&
         !state.text.starts_with("request: ");
}

std::vector<std::uint64_t> not_come(const pmix::JobStatus& status, const pmix::RankState& state,
                                    const pmix::ThreadState& thread) {
  std::vector<std::uint64_t> ranks;
  if (thread.comm == 0 || state.phase != "coordinating") return ranks;
  for (const auto& [rank, other] : status.ranks)
    if (is_late_on(other, thread.comm, thread.round)) ranks.push_back(rank);
  return ranks;
}

std::string describe_doing(const pmix::JobStatus& status, const pmix::RankState& state) {
  std::string text = state.text;
  bool told = is_behind(state);  // its text says what the first thread does; else that it is ready
  bool first = true;
  for (const auto& [number, thread] : state.threads) {
    if (!told) text += (first ? "; is in " : "; another thread is in ") + on_what(thread);
    if (!thread.at.empty()) text += ", called from " + thread.at;
    const std::vector<std::uint64_t> missing = not_come(status, state, thread);
    if (!missing.empty())
      text += ", to which " + joined(missing) + (missing.size() == 1 ? " has" : " have") + " not come";
    told = first = false;
  }
  return text;
}

std::string describe_rank(const pmix::JobStatus& status, std::uint64_t rank, const pmix::RankState& state) {
  return "rank " + std::to_string(rank) + ": " + (state.text.empty() ? state.phase : describe_doing(status, state));
}

std::vector<std::string> ranks_behind(const pmix::JobStatus& status, std::size_t most) {
  std::vector<std::string> lines;
  for (const bool behind : {true, false}) {
    for (const auto& [rank, state] : status.ranks) {
      if (lines.size() == most) return lines;
      if (is_behind(state) == behind && (behind || waits_for_others(status, state)))
        lines.push_back(describe_rank(status, rank, state));
    }
  }
  return lines;
}

}  // namespace cairn::launcher
