// SPDX-License-Identifier: Apache-2.0
#include "launcher/snapshot.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/cli/progress_line.hpp"
#include "core/context/machine.hpp"
#include "core/context/rank_of_image.hpp"
#include "core/context/verified_copies.hpp"
#include "launcher/mpirun_options.hpp"
#include "pmix/manifest/images.hpp"

namespace cairn::launcher {
namespace {

void check_owner(const std::string& directory, const struct stat& st) {
  const uid_t user = ::geteuid();
  if (user == 0 || user == st.st_uid) return;
  throw EnvironmentError("snapshot " + directory + " belongs to user " + std::to_string(st.st_uid) +
                         ": only its owner or root may use it");
}

// Files that the image refers to instead of holding them.
void check_references(const context::Reader& reader) {
  for (std::uint32_t i = 0; i < reader.objects().size(); ++i) {
    const context::StoredObject& object = reader.objects()[i];
    if (object.kind != CAIRN_CTX_OBJECT_REFERENCE) continue;
    const context::Original original = reader.original(i);
    if (original == context::Original::identical) continue;
    throw EnvironmentError(reader.name() + " refers to the file " + object.path + ", which " +
                           (original == context::Original::missing ? "is missing here" : "has changed since"));
  }
}

// As a whole file it may be in the wrong place.
void check_rank(const context::Reader& image, std::uint64_t number) {
  const auto rank = context::rank_of_image(image);
  if (!rank || *rank == number) return;
  throw PermanentError("the context file of rank " + std::to_string(number) + ", " + image.name() + ", is of rank " +
                       std::to_string(*rank));
}

void verify_image(const Snapshot& snapshot, std::uint64_t number, const manifest::Rank& rank, const Verification& how,
                  context::VerifiedCopies& copies) {
  const std::string who = "rank " + std::to_string(number);
  const std::string path = snapshot.directory + "/" + rank.path;
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0)
    throw EnvironmentError(with_errno("the context file of " + who + ", " + path, errno));
  if (static_cast<std::uint64_t>(st.st_size) != rank.statistics.bytes) {
    throw PermanentError("the context file of " + who + ", " + path + ", has " + std::to_string(st.st_size) +
                         " bytes; the manifest says " + std::to_string(rank.statistics.bytes));
  }
  manifest::for_each_image(snapshot.directory, rank, [&](const context::Reader& reader, const std::string& process) {
    if (process.empty() && reader.trailer().index_checksum != rank.statistics.checksum) {
      throw PermanentError("the context file of " + who + ", " + path +
                           ", is not the one that the manifest names: their checksums differ");
    }
    if (process.empty()) check_rank(reader, number);
    if (how.this_machine) {
      const auto obstacles = context::cpu_obstacles(reader.header());
      if (!obstacles.empty())
        throw EnvironmentError(who + " cannot be restarted on this machine: " + obstacles.front());
      check_references(reader);
    }
    if (how.payload)
      reader.verify_all(std::clamp(std::thread::hardware_concurrency(), 1u, 8u), how.fill_cache, &copies);
    how.look(reader, process.empty());
  });
}

}  // namespace

std::string Snapshot::program() const {
  if (!manifest.job.program.empty()) return manifest.job.program;
  // Older manifests have it in mpirun's command line only.
  std::vector<std::string> words = manifest.job.arguments;
  words.insert(words.begin(), "--with-cr");
  try {
    return parse_mpirun(words).program;
  } catch (const Error&) {
    return {};
  }
}

Snapshot open_snapshot(const std::string& operand) {
  char path[PATH_MAX];
  struct stat st {};
  if (::realpath(operand.c_str(), path) == nullptr || ::stat(path, &st) != 0)
    throw EnvironmentError(with_errno("snapshot " + operand, errno));
  if (!S_ISDIR(st.st_mode))
    throw ArgumentError(operand + " is not a snapshot; a snapshot is a directory ompi_global_snapshot_<pid>.ckpt");
  check_owner(path, st);
  if (::access((std::string(path) + "/" + manifest::kFileName).c_str(), F_OK) != 0) {
    throw EnvironmentError(operand + " is not a snapshot, or one that was never completed: it has no " +
                           manifest::kFileName);
  }
  return {path, manifest::load(path)};
}

std::uint64_t choose_sequence(const Snapshot& snapshot, std::int64_t wanted) {
  const auto& all = snapshot.manifest.sequences;
  if (all.empty()) throw EnvironmentError("snapshot " + snapshot.name() + " has no sequence");
  if (wanted < 0) return all.rbegin()->first;
  const auto number = static_cast<std::uint64_t>(wanted);
  if (all.count(number) == 0) {
    std::string known;
    for (const auto& [n, sequence] : all) known += (known.empty() ? "" : ", ") + std::to_string(n);
    throw ArgumentError("snapshot " + snapshot.name() + " has no sequence " + std::to_string(wanted) + "; there is " +
                        known);
  }
  return number;
}

std::vector<std::string> verify_sequence(const Snapshot& snapshot, std::uint64_t number, const Verification& how) {
  const manifest::Sequence& sequence = snapshot.manifest.sequences.at(number);
  if (sequence.ranks.size() != snapshot.manifest.job.ranks || sequence.ranks.empty()) {
    throw PermanentError("snapshot " + snapshot.name() + " is damaged: sequence " + std::to_string(number) + " has " +
                         std::to_string(sequence.ranks.size()) + " images, but the job had " +
                         std::to_string(snapshot.manifest.job.ranks) + " ranks");
  }
  const std::uint64_t total = sequence.bytes();
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  cli::ProgressLine line;
  context::VerifiedCopies copies(how.originals_serve);
  for (std::size_t r = 0; r < sequence.ranks.size(); ++r) {
    verify_image(snapshot, r, sequence.ranks[r], how, copies);
    done += sequence.ranks[r].statistics.bytes + sequence.ranks[r].tree_bytes;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    line.show("verified " + human_size(done) + " of " + human_size(total) + " (" + human_rate(done, passed.count()) +
              ")");
  }
  return copies.unusable();
}

}  // namespace cairn::launcher
