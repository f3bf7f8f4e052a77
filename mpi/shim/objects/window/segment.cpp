// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"
#include "core/base/unique_fd.hpp"

namespace cairn::shim {
namespace {

constexpr std::size_t kPiecesAtATime = 512;  // the kernel takes IOV_MAX, 1024

// The host's own libc: what it maps lies above the arena.
void* host_function(const char* name) noexcept {
  const std::uint64_t guest = cairn_enter();
  void* const function = CAIRN_TABLE->dlsym(name);
  cairn_leave(guest);
  return function;
}

std::uint64_t add_to_hash(std::uint64_t hash, const void* data, std::size_t bytes) noexcept {
  const auto* at = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < bytes; ++i) hash = (hash ^ at[i]) * 0x100000001b3ULL;
  return hash;
}

using Copy = ssize_t(pid_t, const iovec*, unsigned long, const iovec*, unsigned long, unsigned long);

// The kernel may copy less than it was asked for: goes on where it stopped.
bool copy_pieces(Copy* copy, std::int32_t process, const RemotePiece* pieces, std::size_t count,
                 unsigned char* buffer) noexcept {
  iovec theirs[kPiecesAtATime];
  std::size_t done_of_first = 0;
  while (count != 0) {
    const std::size_t now = std::min(count, kPiecesAtATime);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < now; ++i) {
      const std::size_t done = i == 0 ? done_of_first : 0;
      theirs[i] = {reinterpret_cast<void*>(pieces[i].address + done), pieces[i].bytes - done};
      bytes += theirs[i].iov_len;
    }
    const iovec ours{buffer, bytes};
    const ssize_t copied = bytes == 0 ? 0 : copy(process, &ours, 1, theirs, now, 0);
    if (copied < 0 || (copied == 0 && bytes != 0)) return false;
    buffer += copied;
    auto left = static_cast<std::size_t>(copied) + done_of_first;
    while (count != 0 && left >= pieces->bytes) {
      left -= pieces->bytes;
      ++pieces;
      --count;
    }
    done_of_first = left;
  }
  return true;
}

}  // namespace

std::uint64_t node_identity() {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  char boot[64];
  const UniqueFd file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  const ssize_t n = file.get() < 0 ? 0 : read(file.get(), boot, sizeof boot);
  if (n > 0) hash = add_to_hash(hash, boot, static_cast<std::size_t>(n));
  struct stat space {};
  if (stat("/proc/self/ns/pid", &space) == 0) hash = add_to_hash(hash, &space.st_ino, sizeof space.st_ino);
  return hash;
}

// Not what libcr may tell: the number by which the others find this process now.
std::int32_t own_process() noexcept { return static_cast<std::int32_t>(syscall(SYS_getpid)); }

int make_memory(const char* name, std::size_t bytes) noexcept {
  const int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd >= 0 && ftruncate(fd, static_cast<off_t>(bytes)) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int open_memory(std::int32_t process, int number) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/fd/%d", process, number);
  return open(path, O_RDWR | O_CLOEXEC);
}

void* map_for_program(int descriptor, std::size_t bytes) noexcept {
  const int flags = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* const start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  return start == MAP_FAILED ? nullptr : start;
}

HostMapping::HostMapping(HostMapping&& other) noexcept
    : start_(std::exchange(other.start_, nullptr)), bytes_(other.bytes_) {}

bool HostMapping::map(int descriptor, std::size_t bytes) noexcept {
  unmap();
  auto* const function = reinterpret_cast<decltype(&mmap)>(host_function("mmap"));
  if (function == nullptr || descriptor < 0) return false;
  const std::uint64_t guest = cairn_enter();
  void* const start = function(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  cairn_leave(guest);
  if (start == MAP_FAILED) return false;
  start_ = static_cast<unsigned char*>(start);
  bytes_ = bytes;
  return true;
}

void HostMapping::unmap() noexcept {
  if (start_ == nullptr) return;
  if (auto* const function = reinterpret_cast<decltype(&munmap)>(host_function("munmap"))) {
    const std::uint64_t guest = cairn_enter();
    function(start_, bytes_);
    cairn_leave(guest);
  }
  start_ = nullptr;
}

bool read_pieces(std::int32_t process, const RemotePiece* pieces, std::size_t count, void* buffer) noexcept {
  return copy_pieces(process_vm_readv, process, pieces, count, static_cast<unsigned char*>(buffer));
}

bool write_pieces(std::int32_t process, const RemotePiece* pieces, std::size_t count, const void* buffer) noexcept {
  auto* const from = static_cast<unsigned char*>(const_cast<void*>(buffer));
  return copy_pieces(process_vm_writev, process, pieces, count, from);
}

}  // namespace cairn::shim
