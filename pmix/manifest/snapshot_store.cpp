// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/snapshot_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <exception>
#include <filesystem>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/others_write.hpp"
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
  if (make_directory_at(AT_FDCWD, path.c_str(), 0700) == 0) return;
  if (errno != EEXIST) throw EnvironmentError(with_errno("creating " + path, errno));
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  const char* wrong = nullptr;
  if (!S_ISDIR(st.st_mode))
    wrong = "is no directory";
  else if (st.st_uid != ::geteuid())
    wrong = "belongs to another user";
  else if (others_may_write(st))
    wrong = "may be written to by others";
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

// The user's own snapshot `name` in `parent`; none if it is anything else.
UniqueFd own_snapshot(int parent, const std::string& name) {
  if (!is_snapshot_name(name)) return {};
  UniqueFd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st {};
  if (directory && (::fstat(directory.get(), &st) != 0 || st.st_uid != ::geteuid())) directory.reset();
  return directory;
}

bool owner_is_gone(int directory) {
  const auto owner = owner_of(directory);
  return owner && owner->is_gone();
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
    UniqueFd snapshot = own_snapshot(parent.get(), whole.filename());
    if (!snapshot) return;
    // An mpirun of the same number, perhaps on another machine, may have gone on with it.
    if (const auto owner = owner_of(snapshot.get()); owner && !owner->is_gone()) return;
    SnapshotLock lock;
    if (lock.take(std::move(snapshot)) != SnapshotLock::Found::free || !lock.alone()) return;
    if (has_no_manifest(lock.directory()))
      lock.end(parent.get(), whole.filename(), true);
    else
      remove_unnamed(lock.directory(), load(directory));
  } catch (const std::exception&) {  // a manifest that cannot be read says nothing of what it names
  }
}

std::string snapshot_name(std::uint64_t mpirun_pid) { return kPrefix + std::to_string(mpirun_pid) + kSuffix; }

bool is_snapshot_name(const std::string& name) { return name.starts_with(kPrefix) && name.ends_with(kSuffix); }

std::string iso_time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// False: somebody has removed the directory.
bool SnapshotStore::try_open() {
  UniqueFd directory = open_directory(directory_);
  if (!directory && errno == ENOENT) return false;
  if (!directory) throw EnvironmentError(with_errno("snapshot " + directory_, errno));
  const SnapshotLock::Found found = lock_.take(std::move(directory));
  if (found == SnapshotLock::Found::removed) return false;
  if (found == SnapshotLock::Found::in_use)
    throw TemporaryError("snapshot " + directory_ + " is in use by another process (its mpirun still runs?)");
  if (fs::exists(directory_ + "/" + kFileName)) manifest_ = load(directory_);
  if (!manifest_.sequences.empty()) last_ = manifest_.sequences.rbegin()->first + 1;
  opened_ = true;
  return true;
}

void SnapshotStore::open() {
  if (!opened_ && !try_open()) throw EnvironmentError(with_errno("snapshot " + directory_, ENOENT));
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

// Directories of mpiruns that were killed during their first checkpoint. What has no note may be that of an mpirun
// which has only just made it.
void SnapshotStore::remove_abandoned_beside() const {
  const fs::path whole = directory_;
  const UniqueFd parent = open_directory(whole.parent_path());
  if (!parent) return;
  const std::vector<std::string> names = entries_of(parent.get());
  remove_trials(parent.get(), names);
  for (const std::string& name : names) {
    if (name == whole.filename()) continue;
    UniqueFd snapshot = own_snapshot(parent.get(), name);
    if (!snapshot || !has_no_manifest(snapshot.get()) || !owner_is_gone(snapshot.get())) continue;
    SnapshotLock lock;
    // Whoever had it meanwhile may have gone on with it.
    if (lock.take(std::move(snapshot)) == SnapshotLock::Found::free && has_no_manifest(lock.directory()) &&
        owner_is_gone(lock.directory()))
      lock.end(parent.get(), name, true);
  }
}

std::uint64_t SnapshotStore::begin(const Job& job) {
  if (opened_ && !lock_.is_of(directory_)) {  // its user has removed what there was
    opened_ = false;
    manifest_.sequences.clear();
  }
  if (!opened_) {
    remove_abandoned_beside();
    do make_directory(directory_);
    while (!try_open());
    lock_.note_owner();
  }
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
  remove_unused_objects();
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
  const fs::path whole = directory_;
  const UniqueFd parent = open_directory(whole.parent_path());
  if (parent) opened_ = !lock_.end(parent.get(), whole.filename(), false);
}

void SnapshotStore::take_out(std::uint64_t sequence) {
  if (manifest_.sequences.count(sequence) == 0) {
    throw ArgumentError("snapshot " + directory_ + " has no sequence " + std::to_string(sequence));
  }
  Manifest next = manifest_;
  next.sequences.erase(sequence);
  replace(std::move(next));
  remove_files(sequence);
}

void SnapshotStore::remove(std::uint64_t sequence) {
  take_out(sequence);
  remove_unused_objects();
}

unsigned SnapshotStore::prune(std::uint64_t keep) {
  unsigned removed = 0;
  while (manifest_.sequences.size() > keep) {
    take_out(manifest_.sequences.begin()->first);
    ++removed;
  }
  if (removed > 0) remove_unused_objects();
  return removed;
}

void SnapshotStore::remove_leftovers() {
  if (!lock_.alone()) return;
  remove_unnamed(lock_.directory(), manifest_);
  StoredFiles::remove_unfinished(lock_.directory());
}

void SnapshotStore::remove_unused_objects() noexcept {
  if (opened_ && lock_.alone()) stored_files_.remove_unused(lock_.directory(), directory_, manifest_);
}

}  // namespace cairn::manifest
