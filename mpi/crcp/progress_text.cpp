// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/progress_text.hpp"

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

// Of several threads the one that most likely keeps others waiting.
const MpiThread& telling_thread() noexcept {
  const auto weight = [](const MpiThread& t) { return t.standing_at != nullptr ? 2 : t.call != nullptr ? 1 : 0; };
  const MpiThread* best = &no_slot;
  for_each_mpi_thread([&](const MpiThread& t) {
    if (best == &no_slot || weight(t) > weight(*best)) best = &t;
  });
  return *best;
}

// Null if the thread has named one that is gone, or none.
const CommState* state_of(const ompi_communicator_t* comm) noexcept {
  for (const CommState* s : comm_states())
    if (comm != nullptr && s->channel() == comm) return s;
  return nullptr;
}

// Ranks are those of the job.
std::string peers_of(const MpiThread& t, const CommState& s) {
  if (t.towards == nullptr) return {};
  std::string text = t.towards;
  const auto known = t.peer >= 0 && static_cast<std::size_t>(t.peer) < s.peers.size();
  if (known)
    text += " rank " + std::to_string(s.peers[static_cast<std::size_t>(t.peer)]);
  else
    text += t.peer == MPI_ANY_SOURCE ? " any rank" : " nobody";
  if (t.tag != MPI_ANY_TAG) text += ", tag " + std::to_string(t.tag);
  if (t.more > 0) text += ", and " + std::to_string(t.more) + " more";
  return text;
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
  const MpiThread& guest = telling_thread();
  const CommState* const state = state_of(guest.comm);
  seen_ = guest.call;
  object_ = seen_ == nullptr || state == nullptr ? std::string() : describe(*state);
  peers_ = seen_ == nullptr || state == nullptr ? std::string() : peers_of(guest, *state);
  const std::string late_on = mode() == Mode::admit ? crcp::late_on() : std::string();
  const bool collective = seen_ != nullptr && state != nullptr && guest.towards == nullptr;
  cairn_agent_activity activity{};
  activity.call = seen_ == nullptr ? "" : seen_;
  activity.object = object_.c_str();
  activity.peers = peers_.c_str();
  activity.late_on = late_on.c_str();
  if (collective) {
    activity.comm = state->identity;
    activity.round = guest.standing_at != nullptr ? state->called : state->entered;
  }
  const bool is_own = seen_ != nullptr && guest.frame_of != nullptr && std::strcmp(guest.frame_of, seen_) == 0;
  if (is_own) activity.frame = reinterpret_cast<std::uintptr_t>(guest.frame);
  agent::doing(activity);
}

std::string ProgressText::what_guest_does() const {
  const MpiThread& guest = telling_thread();
  const char* const call = guest.standing_at != nullptr ? guest.standing_at : guest.call;
  std::string text;
  if (call != nullptr) {
    text = guest.standing_at != nullptr ? std::string("waits before ") + call + " for other ranks"
                                        : std::string("is in ") + call;
    if (call == seen_ && !object_.empty()) text += " on " + object_;
    if (call == seen_ && !peers_.empty()) text += " (" + peers_ + ")";
  } else if (outside_since_ != 0) {
    char seconds[48];
    std::snprintf(seconds, sizeof seconds, "has been outside MPI for %.1f s", now() - outside_since_);
    text = seconds;
  } else {
    text = "is in MPI calls";
  }
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
