// SPDX-License-Identifier: Apache-2.0
#include "core/state/files/comparison.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "core/base/long_path.hpp"
#include "core/base/read_at.hpp"
#include "core/context/checksum.hpp"
#include "core/context/format.h"
#include "core/context/object_store.hpp"

namespace cairn::state {
namespace {

constexpr std::uint64_t kEnd = 128 << 10;     // what is read of either end
constexpr std::uint64_t kWhole = 8ULL << 20;  // files up to this size are read whole
constexpr std::uint64_t kKeep = 1ULL << 20;   // and up to this size kept

struct Sample {
  std::uint64_t head = 0, tail = 0;
  bool operator==(const Sample&) const = default;
};

// Up to `length` bytes; as many as there are.
std::vector<std::uint8_t> part_of(int fd, std::uint64_t offset, std::uint64_t length) {
  std::vector<std::uint8_t> bytes(length);
  bytes.resize(read_at(fd, bytes.data(), length, offset));
  return bytes;
}

// As far as there is anything.
std::uint64_t checksum_of(int fd, std::uint64_t offset, std::uint64_t length) {
  std::vector<std::uint8_t> bytes(std::min(length, kEnd));
  context::Checksum64 sum;
  for (std::uint64_t done = 0; done < length;) {
    const std::size_t n = read_at(fd, bytes.data(), std::min(length - done, kEnd), offset + done);
    if (n == 0) break;
    sum.update(bytes.data(), n);
    done += n;
  }
  return sum.value();
}

// Of the first `size` bytes.
Sample sample(int fd, std::uint64_t size, std::uint64_t end) {
  const std::uint64_t length = std::min(size, end);
  return {checksum_of(fd, 0, length), checksum_of(fd, size - length, length)};
}

// Do the checksums tell of all of it?
bool is_known_whole(const FileRecord& record) { return record.sampled && record.end >= (record.size + 1) / 2; }

std::int64_t nanoseconds(const statx_timestamp& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

bool look_at(FileRecord& now) {
  struct statx status {};
  const Place place(now.path);
  if (statx(place.directory(), place.name(), AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS | STATX_BTIME, &status) != 0)
    return false;
  now.directory = S_ISDIR(status.stx_mode);
  now.mode = status.stx_mode;
  now.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  now.inode = status.stx_ino;
  now.size = status.stx_size;
  now.modified_ns = nanoseconds(status.stx_mtime);
  now.changed_ns = nanoseconds(status.stx_ctime);
  now.born_ns = (status.stx_mask & STATX_BTIME) != 0 ? nanoseconds(status.stx_btime) : 0;
  return true;
}

// Nothing if it cannot be said.
std::optional<bool> begins_as_it_was(const FileRecord& record, const std::string& path) {
  if (!record.sampled) return std::nullopt;
  const UniqueFd fd = open_to_read(path);
  if (!fd) return std::nullopt;
  return sample(fd.get(), record.size, record.end) == Sample{record.head, record.tail};
}

const char* kind_of(std::uint32_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISREG(mode) ? "a file" : "a device";
}

bool is_same_file(const FileRecord& record, const FileRecord& now) {
  return record.device == now.device && record.inode == now.inode && record.born_ns == now.born_ns;
}

// Times of a copy may be cut to what tools and file systems keep of them.
bool is_same_time(std::int64_t was, std::int64_t now) {
  constexpr std::int64_t kMicrosecond = 1000, kSecond = 1'000'000'000;
  return was == now || now == was - was % kMicrosecond || now == was - was % kSecond;
}

// Do its times say that nobody has written to it, or is it a copy that has kept the time? Who puts the time back after
// writing changes the other one.
bool is_of_same_time(const FileRecord& record, const FileRecord& now) {
  if (!is_same_file(record, now)) return is_same_time(record.modified_ns, now.modified_ns);
  return record.modified_ns == now.modified_ns && (record.changed_ns == 0 || record.changed_ns == now.changed_ns);
}

// What daemons of the name service write all the time and libc maps in every program that has looked up a user: nscd,
// sssd. Who reads it looks each time whether it is what it was.
bool is_cache_of_names(const std::string& path) {
  static constexpr std::array<const char*, 5> kDirectories{"/var/lib/sss/mc/", "/var/cache/nscd/", "/var/db/nscd/",
                                                           "/var/run/nscd/", "/run/nscd/"};
  return std::any_of(kDirectories.begin(), kDirectories.end(), [&](const char* d) { return path.starts_with(d); });
}

}  // namespace

UniqueFd open_to_read(const std::string& path) { return open_path(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }

bool take_record(FileRecord& record, std::uint64_t& whole) {
  if (!look_at(record)) return false;
  if (!S_ISREG(record.mode)) return true;
  const UniqueFd fd = open_to_read(record.path);
  if (!fd) return true;
  record.end = kEnd;
  if (record.size <= std::min(kWhole, whole)) {
    record.end = std::max(kEnd, (record.size + 1) / 2);
    whole -= record.size;
  }
  const Sample ends = sample(fd.get(), record.size, record.end);
  record.sampled = true;
  record.head = ends.head;
  record.tail = ends.tail;
  if (record.written && record.size <= kKeep) {
    record.content = part_of(fd.get(), 0, record.size);
    record.kept = record.content.size() == record.size;
  }
  return true;
}

Comparison compare(const FileRecord& record, const std::string& path, std::uint64_t least) {
  FileRecord now;
  now.path = path;
  if (!look_at(now)) return {Change::missing, 0, errno};
  if (record.directory && now.directory) return {Change::none, now.size, 0};
  if (record.directory || !S_ISREG(now.mode)) return {Change::replaced, now.size, 0, kind_of(now.mode)};
  if (now.size < record.size) return {Change::shorter, now.size, 0};
  if (!record.written && is_cache_of_names(path)) return {Change::none, now.size, 0};
  const bool grown = now.size > std::max(record.size, least);
  const bool same_file = is_same_file(record, now);
  const bool same_time = is_of_same_time(record, now);
  if (now.size == record.size && same_file && same_time) return {Change::none, now.size, 0};
  const std::optional<bool> as_it_was = begins_as_it_was(record, path);
  if (as_it_was.value_or(grown || now.modified_ns == record.modified_ns)) {
    const bool sure = same_time || is_known_whole(record);
    return {grown ? Change::grown : sure ? Change::none : Change::unsure, now.size, 0};
  }
  return {record.written && same_file ? Change::rewritten : Change::replaced, now.size, 0};
}

Comparison compare_content(const FileRecord& record, const std::string& path, const std::string& hash,
                           std::uint64_t least) {
  FileRecord now;
  now.path = path;
  if (!look_at(now)) return {Change::missing, 0, errno};
  if (!S_ISREG(now.mode)) return {Change::replaced, now.size, 0, kind_of(now.mode)};
  const UniqueFd fd = open_to_read(path);
  if (!fd || now.size < record.size) return {Change::rewritten, now.size, 0};
  const context::ObjectHash beginning = context::hash_file(fd.get(), record.size, path);
  if (context::to_hex(beginning.data(), beginning.size()) != hash) return {Change::rewritten, now.size, 0};
  return {now.size > std::max(record.size, least) ? Change::grown : Change::none, now.size, 0};
}

bool begins_as_kept(const FileRecord& record, const std::string& path) {
  const UniqueFd fd = open_to_read(path);
  if (!fd) return false;
  const std::vector<std::uint8_t> now = part_of(fd.get(), 0, record.content.size() + 1);
  return now.size() <= record.content.size() && std::equal(now.begin(), now.end(), record.content.begin());
}

bool is_context_file(const std::string& path) {
  const UniqueFd fd = open_to_read(path);
  std::uint64_t magic = 0;
  return fd && pread(fd.get(), &magic, sizeof magic, 0) == sizeof magic && magic == CAIRN_CTX_MAGIC;
}

bool is_made_by_kernel(const std::string& path) {
  struct statfs system {};
  const UniqueFd place = open_path(path, O_PATH | O_CLOEXEC);
  if (!place || fstatfs(place.get(), &system) != 0) return false;
  static constexpr std::array<long, 7> kMagic{PROC_SUPER_MAGIC, SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                                              DEBUGFS_MAGIC,    TRACEFS_MAGIC, SECURITYFS_MAGIC};
  return std::find(kMagic.begin(), kMagic.end(), static_cast<long>(system.f_type)) != kMagic.end();
}

}  // namespace cairn::state
