// SPDX-License-Identifier: Apache-2.0
// ompi-snapshot: what to do with snapshots beside taking and restarting them.
#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>

#include "core/base/error.hpp"
#include "launcher/report.hpp"
#include "launcher/snapshot.hpp"
#include "launcher/snapshot_text.hpp"
#include "launcher/versions.hpp"
#include "pmix/manifest/snapshot_store.hpp"

namespace cairn::launcher {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

constexpr char kCommand[] = "ompi-snapshot";
constexpr char kUsage[] =
    "Usage: ompi-snapshot verify|show SNAPSHOT...    every byte checked; what it holds\n"
    "       ompi-snapshot list [DIRECTORY...]        snapshots in a directory (default: here)\n"
    "       ompi-snapshot rm SNAPSHOT...             remove a snapshot, or with --seq one sequence of it\n"
    "       ompi-snapshot prune --keep N SNAPSHOT... keep the newest N sequences\n\n";

struct Options {
  std::string action;
  std::vector<std::string> operands;
  std::int64_t sequence = -1;
  std::uint64_t keep = 0;
  bool verbose = false, json = false;
};

std::optional<Options> parse(int argc, char** argv) {
  Options o;
  po::options_description visible("Options"), all;
  visible.add_options()("seq,s", po::value(&o.sequence), "sequence number")(
      "keep", po::value(&o.keep), "for prune: how many to keep")("verbose,v", po::bool_switch(&o.verbose),
                                                                 "a line for every image")(
      "json", po::bool_switch(&o.json), "show in JSON")("help,h", "this text")("version", "version");
  all.add(visible).add_options()("words", po::value(&o.operands));
  po::positional_options_description positions;
  positions.add("words", -1);
  try {
    po::variables_map map;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), map);
    if (map.count("help") != 0) {
      std::cout << kUsage << visible;
      return std::nullopt;
    }
    if (map.count("version") != 0) {
      std::cout << "ompi-snapshot (Cairn) " << kCairnVersion << "\n";
      return std::nullopt;
    }
    po::notify(map);
    if (map.count("seq") != 0 && o.sequence < 0) throw ArgumentError("--seq wants a number from 0");
  } catch (const po::error& e) {
    throw ArgumentError(e.what());
  }
  if (o.operands.empty()) throw ArgumentError("what is to be done? verify, show, list, rm or prune");
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
                size_text(sequence_bytes(sequence)).c_str());
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
    if (name.rfind("ompi_global_snapshot_", 0) == 0 && name.ends_with(".ckpt")) found.push_back(entry.path());
  }
  if (error) throw EnvironmentError(operand + ": " + error.message());
  std::sort(found.begin(), found.end());
  for (const std::string& path : found) {
    try {
      const Snapshot snapshot = open_snapshot(path);
      for (const auto& [number, sequence] : snapshot.manifest.sequences) {
        std::printf("%s  sequence %llu  %s  %zu ranks  %s\n", snapshot.name().c_str(),
                    static_cast<unsigned long long>(number), sequence.taken.c_str(), sequence.ranks.size(),
                    size_text(sequence_bytes(sequence)).c_str());
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
  try {
    const auto options = parse(argc, argv);
    return options ? run(*options) : 0;
  } catch (const cairn::Error& e) {
    return report_error(kCommand, argc > 1 ? argv[1] : "", e);
  }
}
