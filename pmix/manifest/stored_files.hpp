// SPDX-License-Identifier: Apache-2.0
// Which of the files in a snapshot's objects/ its images need. Reads each sequence's images once. Ordinary code; not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "pmix/manifest/manifest.hpp"

namespace cairn::manifest {

inline constexpr char kObjects[] = "objects";

class StoredFiles {
 public:
  // Removes those that no sequence of the manifest needs: none if an image cannot be read, since what it needs is not
  // known then. Nobody may be storing any. `directory` is open, and `path` its name.
  void remove_unused(int directory, const std::string& path, const Manifest& manifest) noexcept;
  // Of processes that were killed while they stored a file.
  static void remove_unfinished(int directory) noexcept;

 private:
  using Names = std::set<std::string>;
  const Names& needed_by(std::uint64_t number, const Sequence& sequence, const std::string& path);

  std::map<std::uint64_t, Names> needed_;
};

}  // namespace cairn::manifest
