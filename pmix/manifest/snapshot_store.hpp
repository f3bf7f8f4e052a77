// SPDX-License-Identifier: Apache-2.0
// A snapshot directory on disk: attempts, commits, removal, leftovers. What a snapshot is, is the manifest's matter.
//
//   <snapshot>/manifest.h5, <snapshot>/<seq>/rank_<n>.ctx, <snapshot>/objects/ (files stored once), <snapshot>/owner
//
// Not thread-safe; one writer per snapshot (the mpirun that the directory is named after, or ompi-snapshot when that
// is gone: snapshot_lock.hpp). Throws cairn::Error.
#pragma once

#include <cstdint>
#include <string>

#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/snapshot_lock.hpp"
#include "pmix/manifest/stored_files.hpp"

namespace cairn::manifest {

class SnapshotStore {
 public:
  // Does not touch the disk.
  explicit SnapshotStore(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const { return directory_; }
  std::string objects() const { return directory_ + "/" + kObjects; }
  std::string path(std::uint64_t sequence) const { return directory_ + "/" + std::to_string(sequence); }

  // Whether begin() can work, now: throws EnvironmentError if the parent is missing, is no directory, or nothing can be
  // made in it, and if another's directory is in the way.
  void check_possible() const;
  // Takes the lock and reads the manifest, if there is one. Throws TemporaryError if another process has it.
  void open();
  // Makes directories for the next sequence (and the snapshot directory itself), after removing what earlier attempts
  // left: in this directory, and directories beside it without a manifest whose owner is known to be gone. The sequence
  // does not exist before commit().
  std::uint64_t begin(const Job& job);
  void commit(std::uint64_t sequence, Sequence contents);
  // Removes all of an attempt that came to nothing, and the whole snapshot directory if nothing else is in it. The
  // number is free again. The attempt's processes are through with it.
  void discard(std::uint64_t sequence) noexcept;
  // Takes a sequence out of the manifest, then removes its files, and stored files that no other needs. No attempt is
  // under way.
  void remove(std::uint64_t sequence);
  // Keeps the newest `keep` sequences; returns how many were removed.
  unsigned prune(std::uint64_t keep);
  // Removes directories of sequences that the manifest does not name, and stored files that are not complete; none if
  // their writer may be at work elsewhere.
  void remove_leftovers();
  // Removes stored files that no sequence needs.
  void remove_unused_objects() noexcept;

  const Manifest& manifest() const { return manifest_; }

 private:
  void replace(Manifest next);
  bool try_open();
  void take_out(std::uint64_t sequence);
  void remove_files(std::uint64_t sequence) noexcept;
  void remove_abandoned_beside() const;

  std::string directory_;
  Manifest manifest_;
  SnapshotLock lock_;
  StoredFiles stored_files_;
  std::uint64_t last_ = 0;
  bool opened_ = false;
};

// Of the snapshot of an mpirun that is known to be gone: the directory if it has no manifest, else what the manifest
// does not name; and trial directories beside it. Nothing if somebody else may have the directory now, or if it is
// another user's.
void remove_abandoned(const std::string& directory) noexcept;

std::string snapshot_name(std::uint64_t mpirun_pid);  // "ompi_global_snapshot_<pid>.ckpt"
bool is_snapshot_name(const std::string& name);
std::string iso_time_now();

}  // namespace cairn::manifest
