// SPDX-License-Identifier: Apache-2.0
#include "launcher/snapshot_text.hpp"

#include <algorithm>
#include <cstdio>

#include "core/base/field_text.hpp"
#include "core/base/text.hpp"

namespace cairn::launcher {
namespace {

// Nothing where an older manifest does not say it.
std::string by_engine(const manifest::Rank& rank) {
  return rank.engine.empty() ? "" : ", engine " + printable(rank.engine);
}

void print_ranks(const manifest::Sequence& sequence) {
  for (std::size_t r = 0; r < sequence.ranks.size(); ++r) {
    const manifest::Rank& rank = sequence.ranks[r];
    std::printf("    rank %zu: %s, %s, was process %llu on %s; stopped %.3f s, written in %.3f s%s\n", r,
                printable(rank.path).c_str(), human_size(rank.statistics.bytes).c_str(),
                static_cast<unsigned long long>(rank.pid), printable(rank.host).c_str(), rank.statistics.pause_seconds,
                rank.statistics.write_seconds, by_engine(rank).c_str());
    if (!rank.wrapper.empty()) std::printf("      under %s\n", printable(rank.wrapper).c_str());
  }
}

void print_sequence(std::uint64_t number, const manifest::Sequence& sequence, bool every_rank) {
  double pause = 0;
  for (const auto& rank : sequence.ranks) pause = std::max(pause, rank.statistics.pause_seconds);
  std::printf("  sequence %llu: %s, %zu images, %s, %.2f s (longest pause %.3f s), engine %s, compression %s\n",
              static_cast<unsigned long long>(number), printable(sequence.taken).c_str(), sequence.ranks.size(),
              human_size(sequence.bytes()).c_str(), sequence.seconds, pause,
              printable(to_text(sequence.parameters.engine)).c_str(),
              printable(to_text(sequence.parameters.compress)).c_str());
  if (every_rank) print_ranks(sequence);
}

}  // namespace

void print_snapshot(const Snapshot& snapshot, std::int64_t wanted, bool every_rank) {
  const manifest::Job& job = snapshot.manifest.job;
  std::printf("%s\n", printable(snapshot.name()).c_str());
  std::printf("  %llu ranks, started %s by mpirun %llu in %s\n", static_cast<unsigned long long>(job.ranks),
              printable(job.created).c_str(), static_cast<unsigned long long>(job.mpirun_pid),
              printable(job.working_directory).c_str());
  if (const std::string program = snapshot.program(); !program.empty() && !job.restarted_from.empty())
    std::printf("  program %s\n", printable(program).c_str());
  std::printf("  mpirun %s\n", quoted(job.arguments).c_str());
  if (!job.restarted_from.empty()) std::printf("  restarted from %s\n", printable(job.restarted_from).c_str());
  std::printf("  Cairn %s, Open MPI %s, PMIx %s\n", printable(job.cairn_version).c_str(),
              printable(job.openmpi_version).c_str(), printable(job.pmix_version).c_str());
  if (wanted >= 0) {
    const std::uint64_t number = choose_sequence(snapshot, wanted);
    print_sequence(number, snapshot.manifest.sequences.at(number), every_rank);
    return;
  }
  for (const auto& [number, sequence] : snapshot.manifest.sequences) print_sequence(number, sequence, every_rank);
}

void print_sequence_json(const Snapshot& snapshot, std::uint64_t number, const std::string& members) {
  const manifest::Sequence& sequence = snapshot.manifest.sequences.at(number);
  std::printf("{\"snapshot\":%s,\"sequence\":%llu,\"taken\":%s,\"ranks\":%zu,\"bytes\":%llu%s}\n",
              json_text(snapshot.directory).c_str(), static_cast<unsigned long long>(number),
              json_text(sequence.taken).c_str(), sequence.ranks.size(),
              static_cast<unsigned long long>(sequence.bytes()), members.c_str());
}

void print_snapshot_json(const Snapshot& snapshot) {
  const manifest::Job& job = snapshot.manifest.job;
  std::printf("{\"snapshot\":%s,\"ranks\":%llu,\"created\":%s,\"program\":%s,\"arguments\":[",
              json_text(snapshot.directory).c_str(), static_cast<unsigned long long>(job.ranks),
              json_text(job.created).c_str(), json_text(snapshot.program()).c_str());
  for (std::size_t i = 0; i < job.arguments.size(); ++i)
    std::printf("%s%s", i == 0 ? "" : ",", json_text(job.arguments[i]).c_str());
  std::printf("],\"sequences\":[");
  bool first = true;
  for (const auto& [number, sequence] : snapshot.manifest.sequences) {
    std::printf("%s{\"sequence\":%llu,\"taken\":%s,\"seconds\":%.6f,\"bytes\":%llu,\"images\":[", first ? "" : ",",
                static_cast<unsigned long long>(number), json_text(sequence.taken).c_str(), sequence.seconds,
                static_cast<unsigned long long>(sequence.bytes()));
    for (std::size_t r = 0; r < sequence.ranks.size(); ++r) {
      const manifest::Rank& rank = sequence.ranks[r];
      std::printf("%s{\"rank\":%zu,\"path\":%s,\"bytes\":%llu,\"host\":%s,\"engine\":%s,\"callback_seconds\":%.6f,",
                  r == 0 ? "" : ",", r, json_text(rank.path).c_str(),
                  static_cast<unsigned long long>(rank.statistics.bytes), json_text(rank.host).c_str(),
                  json_text(rank.engine).c_str(), rank.statistics.callback_seconds);
      std::printf("\"stop_seconds\":%.6f,\"pause_seconds\":%.6f,\"write_seconds\":%.6f}", rank.statistics.stop_seconds,
                  rank.statistics.pause_seconds, rank.statistics.write_seconds);
    }
    std::printf("]}");
    first = false;
  }
  std::printf("]}\n");
}

}  // namespace cairn::launcher
