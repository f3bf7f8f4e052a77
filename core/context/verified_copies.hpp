// SPDX-License-Identifier: Apache-2.0
// The copies of files that the context files of a snapshot share: each is verified once, whatever the number of files
// that refer to it. Thread-safe.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace cairn::context {

class VerifiedCopies {
 public:
  // `originals_serve`: for a restart, a copy is needed only where the original is not there any more, or another one.
  explicit VerifiedCopies(bool originals_serve) : originals_serve_(originals_serve) {}

  bool originals_serve() const { return originals_serve_; }
  bool has(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return seen_.count(path) != 0;
  }
  void add(const std::string& path) {
    const std::lock_guard lock(mutex_);
    seen_.insert(path);
  }
  // One that cannot be used, and why; its original serves.
  void add_unusable(const std::string& path, const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (seen_.insert(path).second) unusable_.push_back(why);
  }
  // A text for each.
  std::vector<std::string> unusable() const {
    const std::lock_guard lock(mutex_);
    return unusable_;
  }

 private:
  const bool originals_serve_;
  mutable std::mutex mutex_;
  std::set<std::string> seen_;
  std::vector<std::string> unusable_;
};

}  // namespace cairn::context
