// SPDX-License-Identifier: Apache-2.0
// A snapshot as the commands see it: found, allowed, read, verified. Errors: cairn::Error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "core/context/reader.hpp"
#include "pmix/manifest/manifest.hpp"

namespace cairn::launcher {

struct Snapshot {
  std::string directory;  // absolute
  manifest::Manifest manifest;

  std::string name() const { return base_name(directory); }
  std::string path(std::uint64_t sequence) const { return directory + "/" + std::to_string(sequence); }
  // The first of the job; empty if it is not known.
  std::string program() const;
};

// Only the owner and root may look. Throws EnvironmentError, PermanentError.
Snapshot open_snapshot(const std::string& operand);

// The sequence's number: `wanted`, or the newest if that is negative. Throws ArgumentError.
std::uint64_t choose_sequence(const Snapshot& snapshot, std::int64_t wanted);

struct Verification {
  bool payload = true;        // every byte; otherwise sizes, tables and checksums of tables
  bool fill_cache = false;    // a restart will read it next
  bool this_machine = false;  // also: could the images be revived here (CPU, files taken by reference)?
  // For a restart: stored copies of files whose originals are here and the same need not be whole.
  bool originals_serve = false;
  // Is shown each image: a rank's own, or of one of its children.
  std::function<void(const context::Reader&, bool of_rank)> look = [](const context::Reader&, bool) {};
};
// Throws at the first thing that is wrong and names it. Shows progress on a terminal. Returns texts about stored copies
// that cannot be used and need not be.
std::vector<std::string> verify_sequence(const Snapshot& snapshot, std::uint64_t sequence, const Verification& how);

}  // namespace cairn::launcher
