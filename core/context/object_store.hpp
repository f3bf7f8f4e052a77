// SPDX-License-Identifier: Apache-2.0
// Files stored once per snapshot, by content: finds the file behind a mapping, knows its identity, hashes it, and
// puts it into a directory under its hash unless it is there already (several writers may do so at once: each
// writes a temporary file of its own and renames it). Ordinary code; errors are cairn::Error.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/area.hpp"

struct XXH3_state_s;  // of xxhash.h

namespace cairn::context {

using ObjectHash = std::array<std::uint8_t, 16>;  // XXH3-128, canonical

// Of bytes that come one after the other.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;
  void add(const void* bytes, std::size_t length) noexcept;
  void add_zeros(std::uint64_t length) noexcept;
  ObjectHash value() const noexcept;

 private:
  ::XXH3_state_s* state_;
};

std::string to_hex(const std::uint8_t* bytes, std::size_t size);

struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  auto operator<=>(const FileIdentity&) const = default;
};
// Throws EnvironmentError.
FileIdentity identify(int fd, const std::string& name);

// Hashes of files seen before, by identity. Lives as long as the process that takes checkpoints. Thread-safe.
class ObjectCache {
 public:
  std::optional<ObjectHash> find(const FileIdentity& identity) const;
  // A file changed within the last seconds may change again without its time showing it: not remembered.
  void remember(const FileIdentity& identity, const ObjectHash& hash);

 private:
  mutable std::mutex mutex_;
  std::map<FileIdentity, ObjectHash> known_;
};

// The file behind a mapping, if it can still be had: by its path if that is the same file, else through
// /proc/self/map_files (privileged). Empty if neither.
UniqueFd open_mapped_file(const Area& area);

// The GNU build-id note of an ELF file; empty if there is none, or if the file is no ELF file.
std::vector<std::uint8_t> build_id(int fd);

// Of the first `size` bytes. Throws EnvironmentError if the file is shorter or unreadable.
ObjectHash hash_file(int fd, std::uint64_t size, const std::string& name);

// Makes `directory`/<hash> hold the content, anew if what is there is damaged; returns the hash of what was stored.
// `known`: the hash, if it is known already. `cache` may be null. Throws EnvironmentError.
ObjectHash store_object(int fd, std::uint64_t size, const std::string& name, const std::string& directory,
                        const std::optional<ObjectHash>& known, ObjectCache* cache);

}  // namespace cairn::context
