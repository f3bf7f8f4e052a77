// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/snapshot_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <filesystem>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/remove_tree.hpp"

namespace cairn::manifest {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "ompi_global_snapshot_";
constexpr char kSuffix[] = ".ckpt";

bool is_number(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// One that is there already must be the user's own, or somebody else would have a hand in the snapshot.
void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return;
  if (errno != EEXIST) throw EnvironmentError(with_errno("creating " + path, errno));
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  const char* wrong = nullptr;
  if (!S_ISDIR(st.st_mode))
    wrong = "is no directory";
  else if (st.st_uid != ::geteuid())
    wrong = "belongs to another user";
  else if ((st.st_mode & S_IWOTH) != 0)
    wrong = "may be written to by everybody";
  if (wrong != nullptr) throw EnvironmentError(path + " is there already, and " + wrong + ": remove it");
}

constexpr char kTrial[] = ".ompi_global_snapshot_trial_", kTrialEnd[] = "XXXXXX";

// The names in an open directory.
std::vector<std::string> entries_of(int directory) {
  return directory_entries("/proc/self/fd/" + std::to_string(directory));
}

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// The user's own snapshot `name` in `parent`, locked; none if it is anything else, or in use.
UniqueFd lock_snapshot(int parent, const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return {};
  UniqueFd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (!directory || ::fstat(directory.get(), &st) != 0 || st.st_uid != ::geteuid()) return {};
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return directory;
}

bool has_no_manifest(int directory) {
  return ::faccessat(directory, kFileName, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

// Of mpiruns that were killed while they tried whether they can make a directory. One that is in use is as well gone:
// that it could be made is all that its owner wants to know.
void remove_trials(int parent, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    struct stat st {};
    if (name.starts_with(kTrial) && ::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_uid == ::geteuid())
      ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
  }
}

// Sequences that do not exist.
void remove_unnamed(int directory, const Manifest& manifest) {
  for (const std::string& name : entries_of(directory))
    if (is_number(name) && name.size() <= 18 && manifest.sequences.count(std::stoull(name)) == 0)
      remove_tree(directory, name);
  for (const char* name : {kNewFile, kOldFile}) ::unlinkat(directory, name, 0);
}

}  // namespace

void remove_abandoned(const std::string& directory) noexcept {
  try {
    const fs::path whole = directory;
    const UniqueFd parent = open_directory(whole.parent_path());
    if (!parent) return;
    remove_trials(parent.get(), entries_of(parent.get()));
    const UniqueFd snapshot = lock_snapshot(parent.get(), whole.filename());
    if (!snapshot) return;
    if (has_no_manifest(snapshot.get()))
      remove_tree(parent.get(), whole.filename());
    else
      remove_unnamed(snapshot.get(), load(directory));
  } catch (const std::exception&) {  // a manifest that cannot be read says nothing of what it names
  }
}

std::string snapshot_name(std::uint64_t mpirun_pid) { return kPrefix + std::to_string(mpirun_pid) + kSuffix; }

std::string iso_time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

void SnapshotStore::open() {
  if (opened_) return;
  lock_.reset(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_) throw EnvironmentError(with_errno("snapshot " + directory_, errno));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw TemporaryError("snapshot " + directory_ + " is in use by another process (its mpirun still runs?)");
  }
  if (fs::exists(directory_ + "/" + kFileName)) manifest_ = load(directory_);
  if (!manifest_.sequences.empty()) last_ = manifest_.sequences.rbegin()->first + 1;
  opened_ = true;
}

void SnapshotStore::check_possible() const {
  const std::string parent = fs::path(directory_).parent_path();
  struct stat st {};
  if (::stat(parent.c_str(), &st) != 0) throw EnvironmentError(with_errno(parent, errno));
  if (!S_ISDIR(st.st_mode)) throw EnvironmentError(with_errno(parent, ENOTDIR));
  // Rights say too little: read-only file systems, servers that do not believe in root, /proc.
  std::string trial = parent + "/" + kTrial + kTrialEnd;
  if (::mkdtemp(trial.data()) == nullptr)
    throw EnvironmentError(with_errno("creating a directory in " + parent, errno));
  ::rmdir(trial.c_str());
  if (::lstat(directory_.c_str(), &st) == 0) make_directory(directory_);
}

// Directories of mpiruns that were killed during their first checkpoint.
void SnapshotStore::remove_abandoned_beside() const {
  const fs::path whole = directory_;
  const UniqueFd parent = open_directory(whole.parent_path());
  if (!parent) return;
  const std::vector<std::string> names = entries_of(parent.get());
  remove_trials(parent.get(), names);
  for (const std::string& name : names) {
    if (name == whole.filename()) continue;
    const UniqueFd snapshot = lock_snapshot(parent.get(), name);
    if (snapshot && has_no_manifest(snapshot.get())) remove_tree(parent.get(), name);
  }
}

std::uint64_t SnapshotStore::begin(const Job& job) {
  if (!opened_) remove_abandoned_beside();
  make_directory(directory_);
  open();
  // A directory left by an earlier mpirun with the same pid keeps its sequences; new ones come after them.
  manifest_.job = job;
  remove_leftovers();
  make_directory(objects());
  const std::uint64_t sequence = last_++;
  make_directory(path(sequence));
  return sequence;
}

void SnapshotStore::commit(std::uint64_t sequence, Sequence contents) {
  Manifest next = manifest_;
  next.sequences[sequence] = std::move(contents);
  replace(std::move(next));
}

// What is there counts, should it be in doubt: a manifest names no sequence whose files were removed.
void SnapshotStore::replace(Manifest next) {
  try {
    store(directory_, next);
  } catch (const Error&) {
    if (!fs::exists(directory_ + "/" + kFileName))
      manifest_.sequences.clear();
    else
      manifest_.sequences = load(directory_).sequences;
    throw;
  }
  manifest_ = std::move(next);
}

void SnapshotStore::discard(std::uint64_t sequence) noexcept {
  if (manifest_.sequences.count(sequence) != 0) return;
  remove_files(sequence);
  if (sequence + 1 == last_) last_ = sequence;
}

void SnapshotStore::remove_files(std::uint64_t sequence) noexcept {
  std::error_code ignored;
  // Ranks remove their own files of a failed attempt at the same time, at which remove_all() gives up.
  for (int i = 0; i < 100 && fs::exists(path(sequence), ignored); ++i) fs::remove_all(path(sequence), ignored);
  if (!manifest_.sequences.empty()) return;
  fs::remove_all(objects(), ignored);
  fs::remove(directory_ + "/" + kAppFile, ignored);
  fs::remove(directory_ + "/" + kFileName, ignored);
  fs::remove(directory_, ignored);
  if (!fs::exists(directory_, ignored)) {
    lock_.reset();
    opened_ = false;
  }
}

void SnapshotStore::remove(std::uint64_t sequence) {
  if (manifest_.sequences.count(sequence) == 0) {
    throw ArgumentError("snapshot " + directory_ + " has no sequence " + std::to_string(sequence));
  }
  Manifest next = manifest_;
  next.sequences.erase(sequence);
  replace(std::move(next));
  remove_files(sequence);
}

unsigned SnapshotStore::prune(std::uint64_t keep) {
  unsigned removed = 0;
  while (manifest_.sequences.size() > keep) {
    remove(manifest_.sequences.begin()->first);
    ++removed;
  }
  return removed;
}

void SnapshotStore::remove_leftovers() { remove_unnamed(lock_.get(), manifest_); }

}  // namespace cairn::manifest
