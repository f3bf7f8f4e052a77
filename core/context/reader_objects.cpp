// SPDX-License-Identifier: Apache-2.0
// Files that a context file keeps whole, or only knows by identity.
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/context/object_store.hpp"
#include "core/context/reader_state.hpp"
#include "core/context/sparse_copy.hpp"

namespace cairn::context {

namespace {

UniqueFd open_regular(const std::string& path) {
  UniqueFd fd = open_path(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat st;
  if (fd && (fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode))) {
    fd.reset();
    errno = EINVAL;
  }
  return fd;
}

std::string hash_of(int fd, std::uint64_t size, const std::string& name) {
  const ObjectHash hash = hash_file(fd, size, name);
  return to_hex(hash.data(), hash.size());
}

// What /proc/PID/maps shows of the copy: a memfd keeps its name.
std::string name_of_copy(const std::string& path) {
  constexpr std::string_view prefix = "/memfd:";
  return path.starts_with(prefix) ? path.substr(prefix.size()) : "cairn-object";
}

bool same_build(int fd, const StoredObject& object) {
  const auto id = build_id(fd);
  return !id.empty() && to_hex(id.data(), id.size()) == object.build_id;
}

bool is_identical(int fd, const StoredObject& object) {
  const FileIdentity now = identify(fd, object.path);
  if (now.size != object.size) return false;
  const bool same_time = now.mtime_ns == object.mtime_ns;
  if (same_time && now.device == object.device && now.inode == object.inode) return true;
  // The same file on another node, or installed again.
  if (!object.hash.empty()) return hash_of(fd, now.size, object.path) == object.hash;
  if (!object.build_id.empty()) return same_build(fd, object);
  return same_time;
}

}  // namespace

std::string Reader::object_path(std::uint32_t object) const {
  const StoredObject& o = state_->objects.at(object);
  return o.kind == CAIRN_CTX_OBJECT_EXTERNAL ? state_->directory + "/" + o.location : std::string();
}

Original Reader::original(std::uint32_t object) const {
  const StoredObject& o = state_->objects.at(object);
  const UniqueFd fd = open_regular(o.path);
  if (!fd) return Original::missing;
  return is_identical(fd.get(), o) ? Original::identical : Original::changed;
}

void Reader::State::copy_embedded(std::uint32_t object, int to, const std::string& to_name) const {
  const StoredObject& o = objects.at(object);
  const std::size_t buffer_bytes = CAIRN_CTX_CHUNK_MAX + CAIRN_CTX_PAGE;
  using Buffer = std::unique_ptr<void, decltype(&std::free)>;
  const Buffer packed(std::aligned_alloc(CAIRN_CTX_PAGE, buffer_bytes), &std::free);
  const Buffer raw(std::aligned_alloc(CAIRN_CTX_PAGE, buffer_bytes), &std::free);
  const Buffer content(std::aligned_alloc(CAIRN_CTX_PAGE, buffer_bytes), &std::free);
  if (!packed || !raw || !content) throw TemporaryError("not enough memory to read " + name);
  const auto bytes = [](const Buffer& b) { return static_cast<std::uint8_t*>(b.get()); };
  std::optional<SparseCopy> copy;
  if (to >= 0) copy.emplace(to, o.size, to_name);
  for (std::uint32_t i = object_chunks[object].first; i < object_chunks[object].last; ++i) {
    const cairn_ctx_chunk& chunk = chunks[i];
    const std::uint64_t origin = runs[chunk.first_run].address;
    const LoadJob job{&chunk, bytes(content), origin};
    load_group({&job, 1}, bytes(packed), bytes(raw));
    const std::uint64_t count = std::min<std::uint64_t>(chunk.raw, o.size - std::min(origin, o.size));
    if (copy) copy->write(bytes(content), count, origin);
  }
}

void Reader::copy_object(std::uint32_t object, int to, const std::string& name) const {
  const StoredObject& o = state_->objects.at(object);
  if (o.kind == CAIRN_CTX_OBJECT_EMBEDDED) return state_->copy_embedded(object, to, name);
  const UniqueFd fd = open_object(object, false);
  if (to < 0) return;
  const SparseCopy copy(to, o.size, name);
  const auto buffer = std::make_unique<char[]>(CAIRN_CTX_CHUNK_MAX);
  for (std::uint64_t at = 0; at < o.size;) {
    const ssize_t n = pread(fd.get(), buffer.get(), CAIRN_CTX_CHUNK_MAX, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw EnvironmentError(with_errno("cannot read the copy of " + o.path, n < 0 ? errno : ENODATA));
    copy.write(buffer.get(), static_cast<std::size_t>(n), at);
    at += static_cast<std::uint64_t>(n);
  }
}

UniqueFd Reader::open_object(std::uint32_t object, bool prefer_original) const {
  const State& s = *state_;
  const StoredObject& o = s.objects.at(object);
  if (prefer_original || o.kind == CAIRN_CTX_OBJECT_REFERENCE) {
    UniqueFd fd = open_regular(o.path);
    if (fd && is_identical(fd.get(), o)) return fd;
    if (o.kind == CAIRN_CTX_OBJECT_REFERENCE) {
      throw EnvironmentError(s.name + " needs " + o.path + ", which " +
                             (fd ? "has changed since the checkpoint" : "is missing or cannot be read here") +
                             "; the checkpoint stored only a reference to it, not its content");
    }
  }
  if (o.kind == CAIRN_CTX_OBJECT_EXTERNAL) {
    const std::string path = object_path(object);
    UniqueFd fd = open_regular(path);
    if (!fd) throw EnvironmentError(with_errno("cannot open " + path + ", the copy of " + o.path, errno));
    if (identify(fd.get(), path).size != o.size || hash_of(fd.get(), o.size, path) != o.hash) {
      throw PermanentError(path + " is damaged: it is not the copy of " + o.path + " that " + s.name + " refers to");
    }
    return fd;
  }
  UniqueFd fd(memfd_create(name_of_copy(o.path).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) throw EnvironmentError(with_errno("no memory for the copy of " + o.path, errno));
  s.copy_embedded(object, fd.get(), "memory for the copy of " + o.path);
  if (hash_of(fd.get(), o.size, o.path) != o.hash) {
    throw PermanentError(s.name + " is damaged: the copy of " + o.path + " in it is not what its hash says");
  }
  fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return fd;
}

}  // namespace cairn::context
