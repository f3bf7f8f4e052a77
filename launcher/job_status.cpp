// SPDX-License-Identifier: Apache-2.0
#include "launcher/job_status.hpp"

#include <cstdio>
#include <map>

#include "core/base/text.hpp"

namespace cairn::launcher {
namespace {

constexpr const char* kWaits = "waiting for the others";  // how a rank that is ready ends its text (mpi/crcp)

}  // namespace

std::string one_line(const pmix::JobStatus& status) {
  char text[64];
  std::snprintf(text, sizeof(text), "%s for %.1f s", status.state.c_str(), status.seconds);
  std::string line = status.state == "checkpointing" ? text : status.state;
  std::map<std::string, unsigned> phases;
  std::string detail;
  bool awaited = false;  // `detail` is of a rank that others wait for
  std::uint64_t bytes = 0;
  for (const auto& [rank, state] : status.ranks) {
    ++phases[state.phase];
    bytes += state.bytes;
    const std::string& said = state.text;
    const bool waits = said.ends_with(kWaits);
    if (said.empty() || awaited || (waits && !detail.empty())) continue;
    detail = " (rank " + std::to_string(rank) + ": " + said + ")";
    awaited = !waits;
  }
  const char* separator = ": ";
  for (const auto& [phase, count] : phases) {
    line += separator + std::to_string(count) + " " + phase;
    separator = ", ";
  }
  if (bytes > 0) {
    line += ", " + human_size(bytes) + " (" + human_rate(bytes, status.seconds) + ")";
  }
  return line + detail;
}

void print_status(const pmix::JobStatus& status, bool json, bool every_rank) {
  if (!json) {
    std::printf("%s\n", one_line(status).c_str());
    for (const auto& [rank, state] : status.ranks) {
      if (every_rank) {
        std::printf("  rank %lu: %s for %.1f s%s%s\n", rank, state.phase.c_str(), state.seconds,
                    state.text.empty() ? "" : ", ", state.text.c_str());
      }
    }
    return;
  }
  std::printf("{\"state\":%s,\"seconds\":%.3f,\"size\":%llu,\"ranks\":[", json_text(status.state).c_str(),
              status.seconds, static_cast<unsigned long long>(status.size));
  bool first = true;
  for (const auto& [rank, state] : status.ranks) {
    std::printf("%s{\"rank\":%lu,\"phase\":%s,\"text\":%s,\"seconds\":%.3f}", first ? "" : ",", rank,
                json_text(state.phase).c_str(), json_text(state.text).c_str(), state.seconds);
    first = false;
  }
  std::printf("]}\n");
}

}  // namespace cairn::launcher
