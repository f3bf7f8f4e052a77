// SPDX-License-Identifier: Apache-2.0
#include "core/state/system_v/memory.hpp"

#include <sys/mman.h>
#include <sys/shm.h>

#include <cerrno>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/memory/area_text.hpp"

namespace cairn::state {
namespace {

std::uint64_t in_pages(std::uint64_t bytes) {
  return (bytes + CAIRN_PAGE_SIZE - 1) & ~std::uint64_t{CAIRN_PAGE_SIZE - 1};
}

// At an address that is mapped: the kernel would choose one of the guest's.
void attach_at(std::uint64_t address, std::int32_t number, int flags) {
  const long at = raw_syscall(SYS_shmat, number, static_cast<long>(address), flags | SHM_REMAP);
  if (is_error(at))
    throw EnvironmentError(
        with_errno("System V shared memory " + std::to_string(number) + " cannot be attached", static_cast<int>(-at)));
}

std::uint64_t size_of(std::int32_t number) {
  shmid_ds segment{};
  if (shmctl(number, IPC_STAT, &segment) != 0)
    throw EnvironmentError(with_errno("System V shared memory " + std::to_string(number), errno));
  return segment.shm_segsz;
}

// Room of the host's.
std::uint64_t reserve(std::uint64_t length) {
  void* const room = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) throw EnvironmentError(with_errno("room for System V shared memory", errno));
  return reinterpret_cast<std::uint64_t>(room);
}

}  // namespace

bool is_shown_as_system_v(const std::string& path) noexcept { return path.starts_with("/SYSV"); }

std::uint64_t attachments(std::int32_t number) noexcept {
  shmid_ds segment{};
  return shmctl(number, IPC_STAT, &segment) == 0 ? segment.shm_nattch : 0;
}

// The kernel attaches all of it. Where the program has given back or moved parts, the others are moved into place.
void attach_area(const Area& area, std::int32_t number, bool writable) {
  const std::uint64_t size = in_pages(size_of(number)), length = area.end - area.start;
  const int flags = (writable ? 0 : SHM_RDONLY) | ((area.prot & PROT_EXEC) != 0 ? SHM_EXEC : 0);
  if (area.file_offset == 0 && length == size) return attach_at(area.start, number, flags);
  if (area.file_offset + length > size || area.file_offset + length < length)
    throw EnvironmentError("System V shared memory " + std::to_string(number) + " is smaller than what was mapped at " +
                           range(area));
  const std::uint64_t room = reserve(size);
  attach_at(room, number, flags);
  const long moved =
      raw_syscall(SYS_mremap, static_cast<long>(room + area.file_offset), static_cast<long>(length),
                  static_cast<long>(length), MREMAP_MAYMOVE | MREMAP_FIXED, static_cast<long>(area.start));
  const int error = is_error(moved) ? static_cast<int>(-moved) : 0;
  munmap(reinterpret_cast<void*>(room), size);
  if (error != 0)
    throw EnvironmentError(
        with_errno("System V shared memory " + std::to_string(number) + " cannot be put at " + range(area), error));
}

AttachedSegment::AttachedSegment(std::int32_t number, bool writable) : size_(size_of(number)) {
  const std::uint64_t room = reserve(in_pages(size_));
  bytes_ = reinterpret_cast<std::uint8_t*>(room);
  try {
    attach_at(room, number, writable ? 0 : SHM_RDONLY);
  } catch (...) {
    munmap(bytes_, in_pages(size_));
    throw;
  }
}

AttachedSegment::~AttachedSegment() { munmap(bytes_, in_pages(size_)); }

}  // namespace cairn::state
