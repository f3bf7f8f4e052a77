// SPDX-License-Identifier: Apache-2.0
#include "launcher/job_status.hpp"

#include <cstdio>
#include <map>
#include <sstream>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/cli/other_process.hpp"
#include "launcher/mpirun_options.hpp"
#include "launcher/rank_activity.hpp"

namespace cairn::launcher {
namespace {

constexpr double kSoon = 1;              // seconds after which it is told who keeps others waiting
constexpr std::size_t kMostBehind = 16;  // ... and how many of them, without --verbose

void print_history(const pmix::JobStatus& status) {
  if (!status.program.empty()) std::printf("  program: %s\n", printable(status.program).c_str());
  if (status.size > 0) std::printf("  ranks: %llu\n", static_cast<unsigned long long>(status.size));
  if (!status.crossing.empty()) std::printf("  calls into MPI: %s\n", printable(status.crossing).c_str());
  if (!status.last_taken.empty())
    std::printf("  last snapshot: %llu, taken %s\n", static_cast<unsigned long long>(status.last_sequence),
                printable(status.last_taken).c_str());
  if (status.next >= 0) std::printf("  next snapshot: in %.0f s\n", status.next);
  if (status.failed_at.empty()) return;
  std::printf("  last failure: %s\n", printable(status.failed_at).c_str());
  std::istringstream reasons(status.failure);
  for (std::string line; std::getline(reasons, line);) std::printf("    %s\n", printable(line).c_str());
}

// In JSON, without braces.
std::string thread_text(const pmix::JobStatus& status, const pmix::RankState& state, const pmix::ThreadState& thread) {
  std::string text = "\"call\":" + json_text(thread.call) + ",\"object\":" + json_text(thread.object) +
                     ",\"peers\":" + json_text(thread.peers) + ",\"at\":" + json_text(thread.at) + ",\"not_come\":[";
  const char* separator = "";
  for (const std::uint64_t rank : not_come(status, state, thread)) {
    text += separator + std::to_string(rank);
    separator = ",";
  }
  return text + "]";
}

// Of a rank that comes to the cut, in JSON: the first thread's own, the others in a list.
void print_activity(const pmix::JobStatus& status, const pmix::RankState& state) {
  if (state.phase == "coordinating" || state.phase == "silent")
    std::printf(",\"behind\":%s", is_behind(state) ? "true" : "false");
  std::string others;
  for (const auto& [number, thread] : state.threads) {
    const std::string text = thread_text(status, state, thread);
    if (number == 0)
      std::printf(",%s", text.c_str());
    else
      others += (others.empty() ? "{" : ",{") + text + "}";
  }
  if (!others.empty()) std::printf(",\"other_threads\":[%s]", others.c_str());
}

}  // namespace

std::vector<std::string> lines_about_waiting(const pmix::JobStatus& status) {
  if (status.state != "checkpointing" || status.seconds < kSoon) return {};
  std::vector<std::string> lines = ranks_behind(status, kMostBehind);
  for (std::string& line : lines) line = printable(line);
  return lines;
}

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
    const bool waits = !is_behind(state) && state.phase == "coordinating";
    if (state.text.empty() || awaited || (waits && !detail.empty())) continue;
    detail = " (" + describe_rank(status, rank, state) + ")";
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
  return printable(line + detail);
}

std::optional<pmix::JobStatus> status_of_stopped(pid_t mpirun) {
  if (!cli::is_stopped(mpirun)) return std::nullopt;
  pmix::JobStatus status;
  status.state = "stopped";
  std::vector<std::string> words;
  std::istringstream text(read_file("/proc/" + std::to_string(mpirun) + "/cmdline").value_or(""));
  for (std::string word; std::getline(text, word, '\0');) words.push_back(word);
  if (words.empty()) return status;
  try {
    status.program = parse_mpirun({words.begin() + 1, words.end()}).program;
  } catch (const Error&) {
    // It was understood when it was started; what is shown now is something else.
  }
  return status;
}

void print_status(const pmix::JobStatus& status, bool json, bool every_rank) {
  if (!json) {
    std::printf("%s\n", one_line(status).c_str());
    print_history(status);
    if (!every_rank) {
      for (const std::string& line : lines_about_waiting(status)) std::printf("  %s\n", line.c_str());
      return;
    }
    for (const auto& [rank, state] : status.ranks) {
      std::printf("  rank %lu: %s for %.1f s%s%s\n", rank, printable(state.phase).c_str(), state.seconds,
                  state.text.empty() ? "" : ", ", printable(describe_doing(status, state)).c_str());
    }
    return;
  }
  std::printf("{\"state\":%s,\"seconds\":%.3f,\"size\":%llu,\"ranks\":[", json_text(status.state).c_str(),
              status.seconds, static_cast<unsigned long long>(status.size));
  bool first = true;
  for (const auto& [rank, state] : status.ranks) {
    std::printf("%s{\"rank\":%lu,\"phase\":%s,\"text\":%s,\"seconds\":%.3f", first ? "" : ",", rank,
                json_text(state.phase).c_str(), json_text(state.text).c_str(), state.seconds);
    print_activity(status, state);
    std::printf("}");
    first = false;
  }
  std::printf("],\"program\":%s", json_text(status.program).c_str());
  if (!status.crossing.empty()) std::printf(",\"crossing\":%s", json_text(status.crossing).c_str());
  if (!status.last_taken.empty())
    std::printf(",\"last\":{\"sequence\":%llu,\"taken\":%s}", static_cast<unsigned long long>(status.last_sequence),
                json_text(status.last_taken).c_str());
  if (status.next >= 0) std::printf(",\"next\":%.1f", status.next);
  if (!status.failed_at.empty())
    std::printf(",\"failure\":{\"at\":%s,\"text\":%s}", json_text(status.failed_at).c_str(),
                json_text(status.failure).c_str());
  std::printf("}\n");
}

}  // namespace cairn::launcher
