// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/progress_text.hpp"

#include <cstdio>

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/crcp/now.hpp"

namespace cairn::crcp {

namespace {

// Of several threads the one that most likely keeps others waiting.
const MpiThread& telling_thread() noexcept {
  const auto weight = [](const MpiThread& t) { return t.standing_at != nullptr ? 2 : t.call != nullptr ? 1 : 0; };
  const MpiThread* best = &no_slot;
  for_each_mpi_thread([&](const MpiThread& t) {
    if (best == &no_slot || weight(t) > weight(*best)) best = &t;
  });
  return *best;
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

std::string ProgressText::what_guest_does() const {
  const MpiThread& guest = telling_thread();
  char text[160];
  if (const char* door = guest.standing_at) {
    std::snprintf(text, sizeof text, "waits before %s for other ranks", door);
  } else if (const char* call = guest.call) {
    if (guest.peer >= 0)
      std::snprintf(text, sizeof text, "is in %s (rank %d of the communicator)", call, guest.peer);
    else
      std::snprintf(text, sizeof text, "is in %s", call);
  } else if (outside_since_ != 0) {
    std::snprintf(text, sizeof text, "has been outside MPI for %.1f s", now() - outside_since_);
  } else {
    std::snprintf(text, sizeof text, "is in MPI calls");
  }
  return text;
}

void ProgressText::say(const std::string& text) {
  constexpr double kInterval = 0.2;
  const double t = now();
  if (text == last_text_ || (t - last_said_ < kInterval && last_said_ != 0)) return;
  last_said_ = t;
  last_text_ = text;
  agent::progress(text.c_str());
}

}  // namespace cairn::crcp
