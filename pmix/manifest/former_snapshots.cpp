// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/former_snapshots.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <set>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "pmix/manifest/snapshot_store.hpp"

namespace cairn::manifest {
namespace {

namespace fs = std::filesystem;

// The snapshot that a job goes on from; empty if it is none beside `snapshot`, or somebody else's.
std::string former_of(const std::string& snapshot, const Job& job) {
  const std::string former = fs::path(job.restarted_from).parent_path();
  struct stat st {};
  const bool beside = fs::path(former).parent_path() == fs::path(snapshot).parent_path() && former != snapshot;
  return beside && ::lstat(former.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == ::geteuid() ? former : "";
}

struct Found {
  std::string path;
  Manifest manifest;
};

// Those beside `snapshot` that were written to since. What cannot be read is none.
std::vector<Found> written_since(const std::string& snapshot) {
  std::vector<Found> found;
  const auto written = [](const std::string& path, struct stat& st) {
    return ::lstat((path + "/" + kFileName).c_str(), &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == ::geteuid();
  };
  struct stat own {
  }, other{};
  if (!written(snapshot, own)) return found;
  const fs::path parent = fs::path(snapshot).parent_path();
  for (const std::string& name : directory_entries(parent)) {
    const std::string path = parent / name;
    if (!is_snapshot_name(name) || path == snapshot || !written(path, other) ||
        other.st_mtim.tv_sec < own.st_mtim.tv_sec)
      continue;
    try {
      found.push_back({path, load(path)});
    } catch (const std::exception&) {
    }
  }
  return found;
}

}  // namespace

void prune_former(const std::string& snapshot, const Job& job, std::uint64_t kept, std::uint64_t keep) {
  std::set<std::string> seen{snapshot};
  std::string former = former_of(snapshot, job);
  while (!former.empty() && seen.insert(former).second) {
    SnapshotStore store(former);
    try {
      store.open();
    } catch (const TemporaryError&) {  // it is in use
      return;
    }
    const std::string next = former_of(former, store.manifest().job);
    store.prune(keep > kept ? keep - kept : 0);
    kept += store.manifest().sequences.size();
    former = next;
  }
}

std::optional<std::string> newest_after(const std::string& snapshot) {
  std::vector<Found> others = written_since(snapshot);
  std::set<std::string> line{snapshot};
  const Found* newest = nullptr;
  for (bool grows = true; grows;) {
    grows = false;
    for (const Found& other : others) {
      const std::string former = fs::path(other.manifest.job.restarted_from).parent_path();
      if (line.count(former) == 0 || other.manifest.sequences.empty() || !line.insert(other.path).second) continue;
      grows = true;
      const auto taken = [](const Found& found) { return found.manifest.sequences.rbegin()->second.taken; };
      if (newest == nullptr || taken(*newest) < taken(other)) newest = &other;
    }
  }
  if (newest == nullptr) return std::nullopt;
  return newest->path + "/" + std::to_string(newest->manifest.sequences.rbegin()->first);
}

}  // namespace cairn::manifest
