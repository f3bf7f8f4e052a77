// SPDX-License-Identifier: Apache-2.0
// ompi-snapshot: what to do with snapshots beside taking and restarting them.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/report.hpp"
#include "launcher/snapshot.hpp"
#include "launcher/snapshot_text.hpp"
#include "pmix/manifest/snapshot_store.hpp"

namespace cairn::launcher {
namespace {

namespace fs = std::filesystem;

constexpr char kCommand[] = "ompi-snapshot";
constexpr char kUsage[] =
    "Usage: ompi-snapshot verify|show SNAPSHOT...    every byte checked; what it holds\n"
    "       ompi-snapshot list [DIRECTORY...]        snapshots in a directory (default: here)\n"
    "       ompi-snapshot rm SNAPSHOT...             remove a snapshot, or with --seq one sequence of it\n"
    "       ompi-snapshot prune --keep N SNAPSHOT... keep the newest N sequences\n";

struct Options {
  std::string action;
  std::vector<std::string> operands;
  std::int64_t sequence = -1;
  std::uint64_t keep = 0;
  bool verbose = false, json = false;
};

cli::CommandLine table() {
  return {.name = kCommand,
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

// Nothing if the answer was the help or the version.
std::optional<Options> parse_options(const std::vector<std::string>& words) {
  const auto given = cli::parse(table(), words);
  if (!given) return std::nullopt;
  Options o;
  o.sequence = given->number<std::int64_t>("seq", -1, 0);
  o.keep = given->number<std::uint64_t>("keep", 0, 1);
  o.verbose = given->has("verbose");
  o.json = given->has("json");
  o.operands = given->operands();
  if (o.operands.empty()) throw ArgumentError("say what is to be done: verify, show, list, rm or prune");
  o.action = o.operands.front();
  o.operands.erase(o.operands.begin());
  if (o.action == "list" && o.operands.empty()) o.operands = {"."};
  if (o.operands.empty()) throw ArgumentError(o.action + " wants a snapshot");
  return o;
}

void verify(const Options& o, const std::string& operand) {
  const Snapshot snapshot = open_snapshot(operand);
  if (o.sequence >= 0) choose_sequence(snapshot, o.sequence);
  for (const auto& [number, sequence] : snapshot.manifest.sequences) {
    if (o.sequence >= 0 && number != static_cast<std::uint64_t>(o.sequence)) continue;
    verify_sequence(snapshot, number, {});
    std::printf("%s sequence %llu: %s, whole\n", snapshot.name().c_str(), static_cast<unsigned long long>(number),
                human_size(sequence_bytes(sequence)).c_str());
  }
}

void show(const Options& o, const std::string& operand) {
  const Snapshot snapshot = open_snapshot(operand);
  if (o.json) {
    print_snapshot_json(snapshot);
  } else {
    print_snapshot(snapshot, o.sequence, o.verbose);
  }
}

void list(const Options& o, const std::string& operand) {
  std::error_code error;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(operand, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("ompi_global_snapshot_") && name.ends_with(".ckpt")) found.push_back(entry.path());
  }
  if (error) throw EnvironmentError(operand + ": " + error.message());
  std::sort(found.begin(), found.end());
  for (const std::string& path : found) {
    try {
      const Snapshot snapshot = open_snapshot(path);
      for (const auto& [number, sequence] : snapshot.manifest.sequences) {
        std::printf("%s  sequence %llu  %s  %zu ranks  %s\n", snapshot.name().c_str(),
                    static_cast<unsigned long long>(number), sequence.taken.c_str(), sequence.ranks.size(),
                    human_size(sequence_bytes(sequence)).c_str());
      }
    } catch (const Error& e) {
      std::printf("%s  unusable: %s\n", fs::path(path).filename().c_str(), e.what());
    }
  }
}

void remove(const Options& o, const std::string& operand) {
  const Snapshot snapshot = open_snapshot(operand);
  manifest::SnapshotStore store(snapshot.directory);
  store.open();
  if (o.sequence >= 0) {
    store.remove(static_cast<std::uint64_t>(o.sequence));
    return;
  }
  store.remove_leftovers();
  while (!store.manifest().sequences.empty()) store.remove(store.manifest().sequences.begin()->first);
}

void prune(const Options& o, const std::string& operand) {
  if (o.keep == 0) throw ArgumentError("prune wants --keep N, N from 1");
  const Snapshot snapshot = open_snapshot(operand);
  manifest::SnapshotStore store(snapshot.directory);
  store.open();
  store.remove_leftovers();
  const unsigned removed = store.prune(o.keep);
  if (o.verbose) std::printf("%s: %u sequences removed\n", snapshot.name().c_str(), removed);
}

int run(const Options& o) {
  void (*action)(const Options&, const std::string&) = nullptr;
  if (o.action == "verify") action = verify;
  if (o.action == "show") action = show;
  if (o.action == "list") action = list;
  if (o.action == "rm") action = remove;
  if (o.action == "prune") action = prune;
  if (action == nullptr)
    throw ArgumentError("ompi-snapshot does not know '" + o.action + "': verify, show, list, rm or prune");
  for (const std::string& operand : o.operands) action(o, operand);
  return 0;
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  const std::string what = argc > 1 ? std::string(kCommand) + " " + argv[1] : kCommand;
  return cairn::cli::run_command(what, cairn::cli::Voice::framed, [&] {
    const auto options = parse_options({argv + 1, argv + argc});
    return options ? run(*options) : 0;
  });
}
