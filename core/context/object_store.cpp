// SPDX-License-Identifier: Apache-2.0
#include "core/context/object_store.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/modes.hpp"
#include "core/base/others_write.hpp"
#include "core/context/data_ranges.hpp"
#include "core/context/format.h"
#include "core/context/sparse_copy.hpp"

namespace cairn::context {

namespace {

constexpr std::size_t kBuffer = 1u << 20;

// Hashes, and copies if there is a copy.
ObjectHash pass_over(int fd, std::uint64_t size, const std::string& name, const SparseCopy* copy) {
  ContentHash hash;
  const DataRanges ranges(fd, size);
  const auto buffer = std::make_unique<char[]>(kBuffer);
  for (std::uint64_t at = 0; at < size;) {
    const DataRange range = ranges.next(at);
    hash.add_zeros(range.start - at);
    for (at = range.start; at < range.end;) {
      const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(kBuffer, range.end - at));
      const ssize_t n = pread(fd, buffer.get(), want, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw EnvironmentError(with_errno("cannot read " + name + " to its end", n < 0 ? errno : ENODATA));
      hash.add(buffer.get(), static_cast<std::size_t>(n));
      if (copy != nullptr) copy->write(buffer.get(), static_cast<std::size_t>(n), at);
      at += static_cast<std::uint64_t>(n);
    }
  }
  return hash.value();
}

// One that somebody else has made would be his to fill: what is found in it by its name is believed.
void make_object_directory(const std::string& directory) {
  if (make_directory_at(AT_FDCWD, directory.c_str(), 0755) == 0) return;
  if (errno != EEXIST) throw EnvironmentError(with_errno("cannot make the directory " + directory, errno));
  struct stat st;
  if (lstat(directory.c_str(), &st) != 0) throw EnvironmentError(with_errno("cannot use " + directory, errno));
  if (!S_ISDIR(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) || others_may_write(st)) {
    throw EnvironmentError("cannot store files in " + directory +
                           ": it is no directory, belongs to another user, or others may write to it");
  }
}

// What was stored earlier may be damaged since: it is read, unless this process has done so since it was last changed.
bool holds(const std::string& path, std::uint64_t size, const ObjectHash& hash, ObjectCache* cache) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat st;
  if (!fd || fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode) || static_cast<std::uint64_t>(st.st_size) != size)
    return false;
  const FileIdentity identity = identify(fd.get(), path);
  if (cache != nullptr && cache->find(identity) == hash) return true;
  try {
    if (hash_file(fd.get(), size, path) != hash) return false;
  } catch (const EnvironmentError&) {
    return false;  // unreadable: stored anew
  }
  if (cache != nullptr) cache->remember(identity, hash);
  return true;
}

// The device and inode that /proc/self/maps shows for a mapping of this file: on some file systems not what stat()
// says.
bool mapping_shows(int fd, const Area& area) {
  void* memory = mmap(nullptr, CAIRN_CTX_PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED) return false;
  const auto wanted = reinterpret_cast<std::uintptr_t>(memory);
  std::ifstream maps("/proc/self/maps");
  bool same = false;
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t start = 0, inode = 0;
    unsigned device_major = 0, device_minor = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%*x %*s %*x %x:%x %" SCNu64, &start, &device_major, &device_minor,
                    &inode) != 4 ||
        start != wanted) {
      continue;
    }
    same = inode == area.inode && makedev(device_major, device_minor) == area.device;
    break;
  }
  munmap(memory, CAIRN_CTX_PAGE);
  return same;
}

}  // namespace

ContentHash::ContentHash() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
ContentHash::~ContentHash() { XXH3_freeState(state_); }

void ContentHash::add(const void* bytes, std::size_t length) noexcept { XXH3_128bits_update(state_, bytes, length); }

void ContentHash::add_zeros(std::uint64_t length) noexcept {
  static constexpr std::uint8_t kZeros[1u << 16] = {};
  for (std::uint64_t left = length; left > 0;) {
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(left, sizeof kZeros));
    add(kZeros, part);
    left -= part;
  }
}

ObjectHash ContentHash::value() const noexcept {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_));
  ObjectHash hash;
  std::memcpy(hash.data(), canonical.digest, hash.size());
  return hash;
}

std::string to_hex(const std::uint8_t* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

FileIdentity identify(int fd, const std::string& name) {
  struct stat st;
  if (fstat(fd, &st) != 0) throw EnvironmentError(with_errno("cannot examine " + name, errno));
  const auto ns = [](const timespec& t) { return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
  return {st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size), ns(st.st_mtim), ns(st.st_ctim)};
}

std::optional<ObjectHash> ObjectCache::find(const FileIdentity& identity) const {
  const std::lock_guard lock(mutex_);
  const auto it = known_.find(identity);
  if (it == known_.end()) return std::nullopt;
  return it->second;
}

void ObjectCache::remember(const FileIdentity& identity, const ObjectHash& hash) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (identity.ctime_ns > (std::int64_t{now.tv_sec} - 3) * 1'000'000'000) return;
  const std::lock_guard lock(mutex_);
  known_.insert_or_assign(identity, hash);
}

UniqueFd open_mapped_file(const Area& area) {
  if (area.keep_closed) return {};
  if (!area.deleted && !area.path.empty()) {
    UniqueFd fd = open_path(area.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd && fstat(fd.get(), &st) == 0 && S_ISREG(st.st_mode)) {
      if (st.st_dev == area.device && st.st_ino == area.inode) return fd;
      if (mapping_shows(fd.get(), area)) return fd;
    }
  }
  char link[80];
  std::snprintf(link, sizeof link, "/proc/self/map_files/%" PRIx64 "-%" PRIx64, area.start, area.end);
  UniqueFd fd(::open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat st;
  if (fd && (fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))) fd.reset();
  return fd;
}

ObjectHash hash_file(int fd, std::uint64_t size, const std::string& name) { return pass_over(fd, size, name, nullptr); }

ObjectHash store_object(int fd, std::uint64_t size, const std::string& name, const std::string& directory,
                        const std::optional<ObjectHash>& known, ObjectCache* cache) {
  make_object_directory(directory);
  // Most files are there already, from another rank or an earlier checkpoint: a hash is cheaper than a copy.
  const ObjectHash expected = known ? *known : hash_file(fd, size, name);
  if (holds(directory + "/" + to_hex(expected.data(), expected.size()), size, expected, cache)) return expected;
  std::string temporary = directory + "/.object-XXXXXX";
  UniqueFd out(mkostemp(temporary.data(), O_CLOEXEC));
  if (!out) throw EnvironmentError(with_errno("cannot create a file in " + directory, errno));
  try {
    // What counts is what was copied, should the file have changed since.
    const SparseCopy copy(out.get(), size, temporary);
    const ObjectHash hash = pass_over(fd, size, name, &copy);
    const std::string final_name = directory + "/" + to_hex(hash.data(), hash.size());
    if (fchmod(out.get(), 0644) != 0 || fdatasync(out.get()) != 0 ||
        ::rename(temporary.c_str(), final_name.c_str()) != 0) {
      throw EnvironmentError(with_errno("cannot store " + final_name, errno));
    }
    return hash;
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace cairn::context
