// SPDX-License-Identifier: Apache-2.0
// ompi-snapshot: what to do with snapshots beside taking and restarting them.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/cli/report.hpp"
#include "launcher/command_check.hpp"
#include "launcher/snapshot.hpp"
#include "launcher/snapshot_options.hpp"
#include "launcher/snapshot_rights.hpp"
#include "launcher/snapshot_text.hpp"
#include "pmix/manifest/snapshot_store.hpp"

namespace cairn::launcher {
namespace {

namespace fs = std::filesystem;

constexpr char kCommand[] = "ompi-snapshot";

// What a restart by its owner would refuse is not whole.
void verify(const SnapshotOptions& o, const std::string& operand) {
  const Snapshot snapshot = open_snapshot(operand);
  choose_sequence(snapshot, o.sequence);
  check_command(snapshot);
  const uid_t owner = owner_of(snapshot);
  for (const auto& [number, sequence] : snapshot.manifest.sequences) {
    if (o.sequence >= 0 && number != static_cast<std::uint64_t>(o.sequence)) continue;
    check_may_run(snapshot, number, owner, false);
    verify_sequence(snapshot, number, {});
    if (o.json) {
      print_sequence_json(snapshot, number, ",\"result\":\"whole\"");
      continue;
    }
    std::printf("%s sequence %llu: %s, whole\n", printable(snapshot.name()).c_str(),
                static_cast<unsigned long long>(number), human_size(sequence.bytes()).c_str());
  }
}

void show(const SnapshotOptions& o, const std::string& operand) {
  const Snapshot snapshot = open_snapshot(operand);
  if (o.json) {
    print_snapshot_json(snapshot);
  } else {
    print_snapshot(snapshot, o.sequence, o.verbose);
  }
}

void list(const SnapshotOptions& o, const std::string& operand) {
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
        if (o.json) {
          print_sequence_json(snapshot, number);
          continue;
        }
        std::printf("%s  sequence %llu  %s  %zu ranks  %s\n", printable(snapshot.name()).c_str(),
                    static_cast<unsigned long long>(number), printable(sequence.taken).c_str(), sequence.ranks.size(),
                    human_size(sequence.bytes()).c_str());
      }
    } catch (const Error& e) {
      if (o.json) {
        std::printf("{\"snapshot\":%s,\"unusable\":%s}\n", json_text(path).c_str(), json_text(e.what()).c_str());
        continue;
      }
      std::printf("%s  unusable: %s\n", printable(fs::path(path).filename()).c_str(), printable(e.what()).c_str());
    }
  }
}

void remove(const SnapshotOptions& o, const std::string& operand) {
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

void prune(const SnapshotOptions& o, const std::string& operand) {
  const Snapshot snapshot = open_snapshot(operand);
  manifest::SnapshotStore store(snapshot.directory);
  store.open();
  store.remove_leftovers();
  const unsigned removed = store.prune(o.keep);
  store.remove_unused_objects();
  if (o.verbose) std::printf("%s: %u sequences removed\n", printable(snapshot.name()).c_str(), removed);
}

int run(const SnapshotOptions& o) {
  static const std::map<std::string, void (*)(const SnapshotOptions&, const std::string&)> actions = {
      {"verify", verify}, {"show", show}, {"list", list}, {"rm", remove}, {"prune", prune}};
  const auto action = actions.at(o.action);
  for (const std::string& operand : o.operands) action(o, operand);
  return 0;
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  const std::string what = argc > 1 ? std::string(kCommand) + " " + argv[1] : kCommand;
  return cairn::cli::run_command(what, cairn::cli::Voice::framed, argc, argv, parse_snapshot, run);
}
