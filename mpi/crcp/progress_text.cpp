// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/progress_text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/doors.hpp"
#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/crcp/now.hpp"

namespace cairn::crcp {

namespace {

constexpr double kInterval = 0.2;  // seconds
constexpr std::size_t kMostThreads = 8;

// Those in calls that may wait, first those that most likely keep others waiting: from the freeze on whoever stands at
// a door is held there.
std::vector<const MpiThread*> telling_threads() {
  const bool held = mode() >= Mode::closed;
  std::vector<const MpiThread*> threads;
  for_each_mpi_thread([&](const MpiThread& t) {
    if (t.call != nullptr || t.standing_at != nullptr) threads.push_back(&t);
  });
  std::stable_partition(threads.begin(), threads.end(),
                        [held](const MpiThread* t) { return (t->standing_at != nullptr) != held; });
  return threads;
}

// Null if the thread has named one that is gone, or none.
const CommState* state_of(const ompi_communicator_t* comm) noexcept {
  for (const CommState* s : comm_states())
    if (comm != nullptr && s->channel() == comm) return s;
  return nullptr;
}

// Ranks are those of the job.
std::string peers_of(const MpiThread& t, const CommState* s) {
  if (t.towards == nullptr || t.towards == kTowardsNobody || t.towards == kTowardsAll) return {};
  std::string text = t.towards;
  if (s != nullptr) {
    const auto known = t.peer >= 0 && static_cast<std::size_t>(t.peer) < s->peers.size();
    if (known)
      text += " rank " + std::to_string(s->peers[static_cast<std::size_t>(t.peer)]);
    else
      text += t.peer == MPI_ANY_SOURCE ? " any rank" : " nobody";
    if (t.tag != MPI_ANY_TAG) text += ", tag " + std::to_string(t.tag);
  }
  if (t.more > 0) text += ", and " + std::to_string(t.more) + " more";
  return text;
}

std::string on_what(const std::string& object, const std::string& peers) {
  return (object.empty() ? "" : " on " + object) + (peers.empty() ? "" : " (" + peers + ")");
}

}  // namespace

void ProgressText::watch() {
  std::uint64_t entries = 0;
  bool outside = true;
  for_each_mpi_thread([&](const MpiThread& t) {
    outside = outside && t.inside.load(std::memory_order_relaxed) == kOut && t.call == nullptr;
    entries += t.entries;
  });
  if (!outside || entries != last_entries_)
    outside_since_ = 0;
  else if (outside_since_ == 0)
    outside_since_ = now();
  last_entries_ = entries;
}

void ProgressText::look() {
  const double t = now();
  if (t - last_looked_ < kInterval) return;
  last_looked_ = t;
  seen_.clear();
  for (const MpiThread* thread : telling_threads())
    if (seen_.size() < kMostThreads) see(*thread);
  std::vector<cairn_agent_activity> threads;
  for (const Seen& s : seen_) threads.push_back({s.call, s.object.c_str(), s.peers.c_str(), s.comm, s.round, s.frame});
  agent::doing(threads, mode() == Mode::admit ? late_on() : std::string());
}

void ProgressText::see(const MpiThread& t) {
  Seen seen{t.call, {}, {}, 0, 0, 0};
  if (seen.call == nullptr) return;
  const CommState* const state = state_of(t.comm);
  const bool gone = t.comm != nullptr && state == nullptr;
  if (state != nullptr) seen.object = describe(*state);
  if (!gone) seen.peers = peers_of(t, state);
  if (state != nullptr && (t.towards == nullptr || t.towards == kTowardsAll)) {
    seen.comm = state->identity;
    seen.round = t.towards == kTowardsAll ? t.round : t.standing_at != nullptr ? state->called : state->entered;
  }
  const bool is_own = t.frame_of != nullptr && std::strcmp(t.frame_of, seen.call) == 0;
  if (is_own) seen.frame = reinterpret_cast<std::uintptr_t>(t.frame);
  seen_.push_back(std::move(seen));
}

std::string ProgressText::what_guest_does() const {
  const std::vector<const MpiThread*> threads = telling_threads();
  std::string text;
  if (!threads.empty()) {
    const char* const standing_at = threads[0]->standing_at;
    const char* const call = standing_at != nullptr ? standing_at : threads[0]->call;
    text = standing_at != nullptr ? std::string("waits before ") + call + " for other ranks"
           : call != nullptr      ? std::string("is in ") + call
                                  : std::string("is in MPI calls");
    if (call != nullptr && !seen_.empty() && call == seen_[0].call) text += on_what(seen_[0].object, seen_[0].peers);
  } else if (outside_since_ != 0) {
    char seconds[48];
    std::snprintf(seconds, sizeof seconds, "has been outside MPI for %.1f s", now() - outside_since_);
    text = seconds;
  } else {
    text = "is in MPI calls";
  }
  return text;
}

std::string ProgressText::what_threads_do() const {
  std::string text = what_guest_does();
  for (std::size_t i = 1; i < seen_.size(); ++i)
    text += std::string("; another thread is in ") + seen_[i].call + on_what(seen_[i].object, seen_[i].peers);
  return text;
}

void ProgressText::say(const std::string& text) {
  const double t = now();
  if (text == last_text_ || (t - last_said_ < kInterval && last_said_ != 0)) return;
  last_said_ = t;
  last_text_ = text;
  agent::progress(text.c_str());
}

}  // namespace cairn::crcp
