// SPDX-License-Identifier: Apache-2.0
// The plug and the guest's brk.
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/unique_fd.hpp"
#include "core/host/host.hpp"
#include "core/host/resident_memory.hpp"

namespace cairn::host {
namespace {

constexpr int kPlugFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// A piece the kernel chose may straddle the top of the arena: the arena keeps its part.
bool keep_above_arena(std::uintptr_t start, std::uintptr_t end) {
  const std::uintptr_t cut = end < CAIRN_ARENA_TOP ? end : CAIRN_ARENA_TOP;
  if (start < cut) arena_munmap(reinterpret_cast<void*>(start), cut - start);
  if (end <= CAIRN_ARENA_TOP) return false;
  const std::uintptr_t from = start > CAIRN_ARENA_TOP ? start : CAIRN_ARENA_TOP;
  add_resident_range(from, end);
  return true;
}

void lift_address_space_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  if (limit.rlim_max != RLIM_INFINITY)
    throw EnvironmentError(
        "the address space limit (ulimit -v) is hard-set to " + std::to_string(limit.rlim_max) +
        " bytes; a hosted process reserves its whole address space: raise the hard limit or run without it");
  limit.rlim_cur = RLIM_INFINITY;
  setrlimit(RLIMIT_AS, &limit);
}

}  // namespace

namespace {

// The whole arena, while it is empty: what the kernel chooses then is above it, and need not be given back.
class ReservedArena {
 public:
  ReservedArena() noexcept
      : held_(arena_mmap(reinterpret_cast<void*>(kLowest), CAIRN_ARENA_TOP - kLowest, PROT_NONE,
                         kPlugFlags | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED) {}
  ~ReservedArena() {
    if (held_) arena_munmap(reinterpret_cast<void*>(kLowest), CAIRN_ARENA_TOP - kLowest);
  }
  ReservedArena(const ReservedArena&) = delete;
  ReservedArena& operator=(const ReservedArena&) = delete;

 private:
  static constexpr std::uintptr_t kLowest = 0x10000;  // vm.mmap_min_addr, usually
  const bool held_;
};

// True if something above the arena could be had at all.
bool fill_holes() noexcept {
  const ReservedArena quicker;
  bool any = false;
  for (std::size_t size = 1UL << 46; size >= CAIRN_PAGE_SIZE; size >>= 1) {
    for (;;) {
      const long start = raw_syscall(SYS_mmap, 0, static_cast<long>(size), PROT_NONE, kPlugFlags, -1, 0);
      if (is_error(start)) break;
      const auto a = static_cast<std::uintptr_t>(start);
      const bool kept = keep_above_arena(a, a + size);
      any = any || kept;
      if (!kept) break;
    }
  }
  return any;
}

// "start-end perms offset device inode path" of /proc/self/maps.
bool is_known(std::string_view line, const std::vector<AddressRange>& known) {
  const std::uint64_t start = to_number(line, 16), end = to_number(line.substr(line.find('-') + 1), 16);
  if (start >= CAIRN_ARENA_TOP) return true;
  const auto range = std::partition_point(known.begin(), known.end(), [&](const auto& r) { return r.end <= start; });
  return range != known.end() && range->start <= start && end <= range->end;
}

}  // namespace

void plug(const std::vector<AddressRange>& reserved) {
  lift_address_space_limit();
  begin_plugging();
  const bool plugged = fill_holes();
  end_plugging(plugged);
  if (!plugged) throw EnvironmentError(with_errno("cannot reserve the address space above the arena", errno));
  const std::string maps = read_file_or_throw("/proc/self/maps");
  for (std::string_view line : split_lines(maps)) {
    if (is_known(line, reserved)) continue;
    throw EnvironmentError(
        "the host's own memory lies where the program's belongs: " + std::string(line) +
        " (the old layout of the address space, setarch -L or vm.legacy_va_layout, is not supported)");
  }
}

std::uint64_t current_brk() noexcept { return static_cast<std::uint64_t>(raw_syscall(SYS_brk, 0)); }

namespace {

// The fields of /proc/self/stat from number 3 on (man 5 proc); false if it cannot be read.
bool read_stat_fields(unsigned long* fields, int count) {
  UniqueFd fd(static_cast<int>(raw_syscall(SYS_openat, -100, reinterpret_cast<long>("/proc/self/stat"), 0)));
  char text[2048];
  const ssize_t n = fd ? ::read(fd.get(), text, sizeof text - 1) : -1;
  if (n <= 0) return false;
  text[n] = '\0';
  char* position = std::strrchr(text, ')');
  if (position == nullptr) return false;
  position += 4;  // ") S "
  for (int i = 4; i < count; ++i) fields[i] = std::strtoul(position, &position, 10);
  return true;
}

}  // namespace

bool set_memory_map(const GuestMemoryMap& wanted) noexcept {
  unsigned long stat[53] = {};
  if (!read_stat_fields(stat, 53)) return false;
  prctl_mm_map map{};
  map.start_code = stat[26];
  map.end_code = stat[27];
  map.start_stack = wanted.stack != 0 ? wanted.stack : stat[28];
  map.start_data = stat[45];
  map.end_data = stat[46];
  map.arg_start = wanted.arg_start != 0 ? wanted.arg_start : stat[48];
  map.arg_end = wanted.arg_end != 0 ? wanted.arg_end : stat[49];
  map.env_start = wanted.env_start != 0 ? wanted.env_start : stat[50];
  map.env_end = wanted.env_end != 0 ? wanted.env_end : stat[51];
  map.start_brk = wanted.brk_start != 0 ? wanted.brk_start : stat[47];
  map.brk = wanted.brk_current != 0 ? wanted.brk_current : current_brk();
  map.exe_fd = static_cast<__u32>(-1);
  return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) == 0;
}

bool set_guest_brk(std::uint64_t start, std::uint64_t current) noexcept {
  GuestMemoryMap map;
  map.brk_start = start;
  map.brk_current = current;
  return set_memory_map(map);
}

}  // namespace cairn::host
