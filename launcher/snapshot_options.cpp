// SPDX-License-Identifier: Apache-2.0
#include "launcher/snapshot_options.hpp"

#include <algorithm>
#include <array>

#include "core/base/error.hpp"
#include "core/cli/command_line.hpp"

namespace cairn::launcher {
namespace {

constexpr std::array<const char*, 5> kActions{"verify", "show", "list", "rm", "prune"};
constexpr char kUsage[] =
    "Usage: ompi-snapshot verify|show SNAPSHOT...    every byte checked; what it holds\n"
    "       ompi-snapshot list [DIRECTORY...]        snapshots in a directory (default: here)\n"
    "       ompi-snapshot rm SNAPSHOT...             remove a snapshot, or with --seq one sequence of it\n"
    "       ompi-snapshot prune --keep N SNAPSHOT... keep the newest N sequences\n";

cli::CommandLine table() {
  return {.name = "ompi-snapshot",
          .usage = kUsage,
          .groups = {{"Options",
                      {{"seq,s", "N", "sequence number"},
                       {"keep", "N", "for prune: how many to keep"},
                       {"verbose,v", "", "a line for every image"},
                       {"json", "", "show in JSON"},
                       {"help,h", "", "this text"},
                       {"version", "", "version"}}}},
          .abbreviations = true};
}

}  // namespace

std::optional<SnapshotOptions> parse_snapshot(const std::vector<std::string>& words) {
  const auto given = cli::parse(table(), words);
  if (!given) return std::nullopt;
  SnapshotOptions o;
  o.sequence = given->number<std::int64_t>("seq", -1, 0);
  o.keep = given->number<std::uint64_t>("keep", 0, 1);
  o.verbose = given->has("verbose");
  o.json = given->has("json");
  o.operands = given->operands();
  if (o.operands.empty()) throw ArgumentError("say what is to be done: verify, show, list, rm or prune");
  o.action = o.operands.front();
  o.operands.erase(o.operands.begin());
  if (std::find(kActions.begin(), kActions.end(), o.action) == kActions.end())
    throw ArgumentError("'" + o.action +
                        "' is nothing that ompi-snapshot can do; it can verify, show, list, rm or prune");
  if (o.action == "list" && o.operands.empty()) o.operands = {"."};
  if (o.operands.empty()) throw ArgumentError(o.action + " wants a snapshot");
  if (o.action == "prune" && o.keep == 0) throw ArgumentError("prune wants --keep N, N from 1");
  return o;
}

}  // namespace cairn::launcher
