// SPDX-License-Identifier: Apache-2.0
#include "launcher/job_status.hpp"

#include <cstdio>
#include <cstdlib>

#include "core/base/text.hpp"

namespace cairn::launcher {
namespace {

constexpr const char* kWaits = "waiting for the others";  // how a rank that is ready ends its text (mpi/crcp)

}  // namespace

std::map<unsigned long long, pmix::Record> numbered(const pmix::Record& record, char prefix) {
  std::map<unsigned long long, pmix::Record> result;
  for (const auto& [name, value] : record.fields()) {
    if (name.size() < 2 || name[0] != prefix || name[1] < '0' || name[1] > '9') continue;
    result[std::strtoull(name.c_str() + 1, nullptr, 10)] = pmix::Record::decode(value);
  }
  return result;
}

std::string one_line(const pmix::Record& status) {
  char text[64];
  std::snprintf(text, sizeof(text), "%s for %.1f s", status.get("state").c_str(), status.get_double("seconds"));
  std::string line = status.get("state") == "checkpointing" ? text : status.get("state");
  std::map<std::string, unsigned> phases;
  std::string detail;
  bool awaited = false;  // `detail` is of a rank that others wait for
  std::uint64_t bytes = 0;
  for (const auto& [rank, state] : numbered(status, 'r')) {
    ++phases[state.get("phase")];
    bytes += state.get_u64("bytes");
    const std::string said = state.get("text");
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
    line += ", " + human_size(bytes) + " (" + human_rate(bytes, status.get_double("seconds")) + ")";
  }
  return line + detail;
}

void print_status(const pmix::Record& status, bool json, bool every_rank) {
  const auto ranks = numbered(status, 'r');
  if (!json) {
    std::printf("%s\n", one_line(status).c_str());
    for (const auto& [rank, state] : ranks) {
      if (every_rank) {
        std::printf("  rank %llu: %s for %.1f s%s%s\n", rank, state.get("phase").c_str(), state.get_double("seconds"),
                    state.get("text").empty() ? "" : ", ", state.get("text").c_str());
      }
    }
    return;
  }
  std::printf("{\"state\":%s,\"seconds\":%.3f,\"size\":%llu,\"ranks\":[", json_text(status.get("state")).c_str(),
              status.get_double("seconds"), static_cast<unsigned long long>(status.get_u64("ranks")));
  bool first = true;
  for (const auto& [rank, state] : ranks) {
    std::printf("%s{\"rank\":%llu,\"phase\":%s,\"text\":%s,\"seconds\":%.3f}", first ? "" : ",", rank,
                json_text(state.get("phase")).c_str(), json_text(state.get("text")).c_str(),
                state.get_double("seconds"));
    first = false;
  }
  std::printf("]}\n");
}

}  // namespace cairn::launcher
