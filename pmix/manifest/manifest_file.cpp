// SPDX-License-Identifier: Apache-2.0
// The manifest as a file: its user block, and replacing it so that there is always a whole one.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/unique_fd.hpp"
#include "core/base/write_all.hpp"
#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/manifest_block.hpp"

namespace cairn::manifest {
namespace {

constexpr char kMagic[8] = {'C', 'A', 'I', 'R', 'N', 'M', 'F', 'T'};
constexpr std::uint32_t kBlockVersion = 1;
constexpr off_t kMaxFile = off_t{1} << 31;

struct Block {
  char magic[8];
  std::uint32_t version;
  std::uint32_t zero;
  std::uint64_t length;
  std::uint64_t checksum[2];
};
static_assert(sizeof(Block) == 40);

Block block_for(const std::vector<unsigned char>& bytes) {
  Block block{};
  std::memcpy(block.magic, kMagic, sizeof(kMagic));
  block.version = kBlockVersion;
  block.length = bytes.size();
  const XXH128_hash_t hash = XXH3_128bits(bytes.data() + kBlockSize, bytes.size() - kBlockSize);
  block.checksum[0] = hash.low64;
  block.checksum[1] = hash.high64;
  return block;
}

// Until the directory is on disk the old one has a second name; with it, it comes back.
class Former {
 public:
  explicit Former(int directory) : directory_(directory), was_there_(exists(directory)) {
    ::unlinkat(directory_, kOldFile, 0);
    if (was_there_) ::linkat(directory_, kFileName, directory_, kOldFile, 0);
  }
  ~Former() { ::unlinkat(directory_, kOldFile, 0); }
  void come_back() const {
    if (was_there_)
      ::renameat(directory_, kOldFile, directory_, kFileName);
    else
      ::unlinkat(directory_, kFileName, 0);
  }
  Former(const Former&) = delete;
  Former& operator=(const Former&) = delete;

 private:
  static bool exists(int directory) { return ::faccessat(directory, kFileName, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }
  int directory_;
  bool was_there_;
};

void replace(int directory, const std::string& path) {
  const Former former(directory);
  if (::renameat(directory, kNewFile, directory, kFileName) != 0)
    throw EnvironmentError(with_errno("replacing " + path, errno));
  if (::fsync(directory) == 0) return;
  const int error = errno;
  former.come_back();
  throw EnvironmentError(with_errno("making " + path + " durable", error));
}

}  // namespace

void seal_block(std::vector<unsigned char>& bytes) {
  const Block block = block_for(bytes);
  std::memset(bytes.data(), 0, kBlockSize);
  std::memcpy(bytes.data(), &block, sizeof(block));
}

void verify_block(const std::vector<unsigned char>& bytes) {
  if (bytes.size() <= kBlockSize)
    throw PermanentError("the manifest is cut off: only " + std::to_string(bytes.size()) + " bytes");
  Block stored;
  std::memcpy(&stored, bytes.data(), sizeof(stored));
  const Block expected = block_for(bytes);
  if (std::memcmp(stored.magic, kMagic, sizeof(kMagic)) != 0)
    throw PermanentError("this file is no manifest of a snapshot");
  if (stored.version != kBlockVersion)
    throw PermanentError("the manifest has version " + std::to_string(stored.version) + ", known is 1");
  if (stored.length != expected.length) {
    throw PermanentError("the manifest is cut off: " + std::to_string(expected.length) + " bytes of " +
                         std::to_string(stored.length));
  }
  const auto* rest = bytes.data() + sizeof(Block);
  for (std::size_t i = 0; i < kBlockSize - sizeof(Block); ++i) {
    if (rest[i] != 0) throw PermanentError("the manifest is damaged: its first block is not as written");
  }
  if (std::memcmp(&stored, &expected, sizeof(stored)) != 0)
    throw PermanentError("the manifest is damaged: its checksum does not match");
}

void store(const std::string& directory, const Manifest& manifest) {
  const std::vector<unsigned char> bytes = encode(manifest);
  const std::string path = directory + "/" + kFileName;
  const std::string temporary = directory + "/" + kNewFile;
  const UniqueFd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) throw EnvironmentError(with_errno(directory, errno));
  try {
    UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!fd) throw EnvironmentError(with_errno("creating " + temporary, errno));
    complete_mode(fd.get(), 0600);
    write_all(fd.get(), bytes.data(), bytes.size(), temporary);
    if (::fsync(fd.get()) != 0 || ::close(fd.release()) != 0)
      throw EnvironmentError(with_errno("cannot write " + temporary, errno));
    replace(parent.get(), path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

Manifest load(const std::string& directory) {
  const std::string path = directory + "/" + kFileName;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  if (!S_ISREG(st.st_mode) || st.st_size > kMaxFile)
    throw PermanentError(path + ": this file is no manifest of a snapshot");
  std::vector<unsigned char> bytes(static_cast<std::size_t>(st.st_size));
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n == 0) throw PermanentError(path + ": changed while it was read");
    if (n < 0 && errno != EINTR) throw EnvironmentError(with_errno("reading " + path, errno));
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  try {
    return decode(bytes);
  } catch (const PermanentError& e) {
    throw PermanentError(path + ": " + e.what());
  }
}

}  // namespace cairn::manifest
