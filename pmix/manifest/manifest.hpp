// SPDX-License-Identifier: Apache-2.0
// The global manifest of a snapshot directory: which sequences exist and what belongs to each (docs/manifest.md).
//
// A sequence exists if and only if the manifest names it. The file is HDF5 with a user block that holds length and
// checksum of the rest; both are verified before libhdf5 sees the file, which does not notice flipped bits itself.
// Plain data; not thread-safe (libhdf5 is not either). Sizes in bytes, times in seconds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cairn::manifest {

struct Job {
  std::uint64_t mpirun_pid = 0;
  std::uint64_t ranks = 0;
  std::string created;  // ISO 8601, UTC
  std::string cairn_version, openmpi_version, pmix_version;
  std::string working_directory;       // of mpirun
  std::vector<std::string> arguments;  // of mpirun, without Cairn's own options; for people, not for restart
  std::string restarted_from;          // "<snapshot> sequence <n>", or empty
};

struct Rank {
  std::uint64_t pid = 0;
  std::string host;
  std::string path;                       // of the context file, relative to the snapshot directory
  std::uint64_t bytes = 0, checksum = 0;  // of that file; the checksum is the one in its trailer
  std::uint64_t pages_seen = 0, pages_stored = 0;
  double callback_seconds = 0, stop_seconds = 0, pause_seconds = 0, write_seconds = 0;
};

struct Sequence {
  std::string taken;   // ISO 8601, UTC
  double seconds = 0;  // from the request to the results
  std::string engine, compress;
  std::vector<Rank> ranks;  // by rank
};

struct Manifest {
  Job job;
  std::map<std::uint64_t, Sequence> sequences;
};

inline constexpr char kFileName[] = "manifest.h5";
inline constexpr char kAppFile[] = "restart-appfile";  // of ompi-restart --apponly, beside it

// Replaces the manifest of `directory`: temporary file, fsync, rename, fsync of the directory.
// Throws EnvironmentError; the old manifest is then still there.
void store(const std::string& directory, const Manifest& manifest);

// Throws EnvironmentError if there is none or it cannot be read, PermanentError if it is damaged.
Manifest load(const std::string& directory);

// The bytes of the file, and back. decode() treats its input as hostile.
std::vector<unsigned char> encode(const Manifest& manifest);
Manifest decode(const std::vector<unsigned char>& bytes);

}  // namespace cairn::manifest
