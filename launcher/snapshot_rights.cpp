// SPDX-License-Identifier: Apache-2.0
#include "launcher/snapshot_rights.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/base/error.hpp"
#include "core/base/others_write.hpp"
#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/snapshot_lock.hpp"
#include "pmix/manifest/stored_files.hpp"

namespace cairn::launcher {
namespace {

namespace fs = std::filesystem;

class Check {
 public:
  Check(uid_t user, bool foreign) : user_(user), foreign_(foreign) {}
  // `called`: what the message begins with.
  void look_at(const std::string& path, const std::string& called) const;
  void look_at_tree(const std::string& path) const;

 private:
  uid_t user_;
  bool foreign_;
};

bool is_there(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0;
}

void Check::look_at(const std::string& path, const std::string& called) const {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  if (S_ISLNK(st.st_mode))
    throw EnvironmentError(called + " is a symbolic link, which is not followed: a snapshot has none");
  if (foreign_) return;
  if (st.st_uid != user_) {
    throw EnvironmentError(called + " belongs to user " + std::to_string(st.st_uid) +
                           ", who could have anything done with your rights by it: restart it as that user, or, if you "
                           "know what is in it, with --foreign=accept");
  }
  if (others_may_write(st)) {
    throw EnvironmentError(called +
                           " may be written to by others, who could have anything done with your rights by it: look at "
                           "it, then chmod -R go-w the snapshot, or restart it with --foreign=accept");
  }
}

void Check::look_at_tree(const std::string& path) const {
  look_at(path, path);
  std::error_code error;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    look_at(at->path(), at->path());
  if (error && error != std::errc::no_such_file_or_directory) throw EnvironmentError(with_errno(path, error.value()));
}

}  // namespace

void check_may_run(const Snapshot& snapshot, std::uint64_t sequence, uid_t user, bool foreign) {
  const Check check(user, foreign);
  check.look_at(snapshot.directory, "snapshot " + snapshot.name());
  for (const char* name : {manifest::kFileName, manifest::kOwnerFile}) {
    const std::string path = snapshot.directory + "/" + name;
    if (is_there(path)) check.look_at(path, path);
  }
  check.look_at_tree(snapshot.path(sequence));
  const std::string objects = snapshot.directory + "/" + manifest::kObjects;
  if (is_there(objects)) check.look_at_tree(objects);
}

uid_t owner_of(const Snapshot& snapshot) {
  struct stat st {};
  if (::stat(snapshot.directory.c_str(), &st) != 0) throw EnvironmentError(with_errno(snapshot.directory, errno));
  return st.st_uid;
}

}  // namespace cairn::launcher
