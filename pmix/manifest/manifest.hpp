// SPDX-License-Identifier: Apache-2.0
// The global manifest of a snapshot directory: which sequences exist and what belongs to each (docs/manifest.md).
//
// A sequence exists if and only if the manifest names it. The file is HDF5 with a user block that holds length and
// checksum of the rest; both are verified before libhdf5 sees the file, which does not notice flipped bits itself. A
// right checksum does not make a file harmless: libhdf5 reads it in a process that can do nothing else (confined.hpp).
// Plain data; not thread-safe (libhdf5 is not either). Sizes in bytes, times in seconds.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/abi/checkpoint_statistics.hpp"

namespace cairn::manifest {

struct Job {
  std::uint64_t mpirun_pid = 0;
  std::uint64_t ranks = 0;
  std::string created;  // ISO 8601, UTC
  std::string cairn_version, openmpi_version, pmix_version;
  std::string program;                     // the first one, also of a restarted job; empty in older manifests
  std::string working_directory;           // of mpirun
  std::string restarted_from;              // "<snapshot>/<sequence>", or empty
  std::vector<std::string> arguments;      // of mpirun, without Cairn's own options
  std::vector<std::string> own_arguments;  // those
  std::vector<std::string> environment;    // of mpirun: "NAME=VALUE" of MCA parameters

  template <class A>
  void fields(A& a) {
    a("mpirun_pid", mpirun_pid), a("ranks", ranks), a("created", created);
    a("cairn_version", cairn_version), a("openmpi_version", openmpi_version), a("pmix_version", pmix_version);
    a("working_directory", working_directory), a("restarted_from", restarted_from), a("arguments", arguments);
    a("own_arguments", own_arguments), a("environment", environment), a("program", program);
  }
};

struct Rank {
  std::string path;  // of the context file, relative to the snapshot directory
  std::uint64_t pid = 0;
  std::string host;
  std::string engine;   // that saved its memory; empty in older manifests
  std::string wrapper;  // command line of what waited for its program and is not saved; mostly empty
  CheckpointStatistics statistics;
  // A rank with children: processes in the index of the directory beside its file (core/context/group_index.hpp), with
  // itself; 0: it has none, and there is no directory.
  std::uint64_t members = 0;
  std::uint64_t tree_bytes = 0;     // of the others' files
  std::uint64_t tree_checksum = 0;  // of the index

  template <class A>
  void fields(A& a) {
    a(Figure{.name = "path", .group = "images"}, path);
    a(Figure{.name = "pid", .group = "ranks"}, pid);
    a(Figure{.name = "host", .group = "ranks"}, host);
    a(Figure{.name = "engine", .group = "ranks"}, engine);
    a(Figure{.name = "wrapper", .group = "ranks"}, wrapper);
    statistics.fields(a);
    a(Figure{.name = "members", .group = "images"}, members);
    a(Figure{.name = "tree_bytes", .unit = Unit::bytes, .group = "images"}, tree_bytes);
    a(Figure{.name = "tree_checksum", .group = "images"}, tree_checksum);
  }
};

struct Sequence {
  std::string taken;   // ISO 8601, UTC
  double seconds = 0;  // from the request to the results
  CheckpointParameters parameters;
  std::vector<Rank> ranks;  // by rank

  std::uint64_t bytes() const;  // of all context files
  bool has_trees() const;       // ranks have children
  std::string engines() const;  // of the ranks, each named once; empty if no rank says it

  template <class A>
  void fields(A& a) {
    a("taken", taken), a("seconds", seconds);
    parameters.fields(a);
  }
};

struct Manifest {
  Job job;
  std::map<std::uint64_t, Sequence> sequences;
};

inline constexpr char kFileName[] = "manifest.h5";
inline constexpr char kNewFile[] = "manifest.h5.new", kOldFile[] = "manifest.h5.old";  // while it is replaced
inline constexpr char kAppFile[] = "restart-appfile";  // of ompi-restart --apponly, beside it

// Replaces the manifest of `directory`: temporary file, fsync, rename, fsync of the directory.
// Throws EnvironmentError; the old manifest is then there (or none), but where a file system knows no second names and
// fails to write the directory: the new one is.
void store(const std::string& directory, const Manifest& manifest);

// Throws EnvironmentError if there is none or it cannot be read, PermanentError if it is damaged.
Manifest load(const std::string& directory);

// The bytes of the file, and back. decode() treats its input as hostile.
std::vector<unsigned char> encode(const Manifest& manifest);
Manifest decode(const std::vector<unsigned char>& bytes);
// The second half of it: what the confined process has found (tree.hpp), no less hostile.
Manifest from_tree(std::span<const std::uint8_t> tree);

}  // namespace cairn::manifest
