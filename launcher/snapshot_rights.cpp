// SPDX-License-Identifier: Apache-2.0
#include "launcher/snapshot_rights.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/base/error.hpp"
#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/stored_files.hpp"

namespace cairn::launcher {
namespace {

namespace fs = std::filesystem;

// `called`: what the message begins with.
void check(const std::string& path, const std::string& called, uid_t user) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  if (S_ISLNK(st.st_mode))
    throw EnvironmentError(called + " is a symbolic link, which is not followed: a snapshot has none");
  if (st.st_uid != user) {
    throw EnvironmentError(called + " belongs to user " + std::to_string(st.st_uid) +
                           ": restart it as that user, since its programs would run with your rights");
  }
  if ((st.st_mode & S_IWOTH) != 0) {
    throw EnvironmentError(called +
                           " may be written to by everybody, and its programs would run with your rights: look at "
                           "it, then chmod -R o-w the snapshot");
  }
}

void check_tree(const std::string& path, uid_t user) {
  check(path, path, user);
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    check(at->path(), at->path(), user);
  if (error && error != std::errc::no_such_file_or_directory) throw EnvironmentError(with_errno(path, error.value()));
}

}  // namespace

void check_may_run(const Snapshot& snapshot, std::uint64_t sequence, uid_t user) {
  check(snapshot.directory, "snapshot " + snapshot.name(), user);
  const std::string manifest = snapshot.directory + "/" + manifest::kFileName;
  check(manifest, manifest, user);
  check_tree(snapshot.path(sequence), user);
  const std::string objects = snapshot.directory + "/" + manifest::kObjects;
  struct stat st {};
  if (::lstat(objects.c_str(), &st) == 0) check_tree(objects, user);
}

uid_t owner_of(const Snapshot& snapshot) {
  struct stat st {};
  if (::stat(snapshot.directory.c_str(), &st) != 0) throw EnvironmentError(with_errno(snapshot.directory, errno));
  return st.st_uid;
}

}  // namespace cairn::launcher
