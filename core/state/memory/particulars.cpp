// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/particulars.hpp"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/prctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/text.hpp"
#include "core/base/unique_fd.hpp"
#include "core/engine/pagemap.hpp"
#include "core/state/memory/area_text.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

// Newer than Debian 12's headers.
constexpr int kGuardInstall = 102;            // MADV_GUARD_INSTALL, Linux 6.13
constexpr std::uint64_t kPageGuard = 1 << 8;  // of PAGEMAP_SCAN, Linux 6.15
constexpr long kMseal = 462;

constexpr std::size_t kNodeWords = 16;  // as many nodes as a kernel can be built for

struct Policy {
  int mode = 0;
  std::array<unsigned long, kNodeWords> nodes{};
  bool operator==(const Policy&) const = default;
};

bool get_policy(Policy& policy, std::uint64_t place, long flags) {
  return !is_error(raw_syscall(SYS_get_mempolicy, address(&policy.mode), address(policy.nodes.data()), kNodeWords * 64,
                               static_cast<long>(place), flags));
}

AreaParticulars look_at(const Area& area, const Policy& usual) {
  AreaParticulars result{area.start, area.name, -1, 0};
  Policy policy;
  if (!get_policy(policy, area.start, MPOL_F_ADDR) || policy == usual) return result;
  if (std::any_of(policy.nodes.begin() + 1, policy.nodes.end(), [](unsigned long word) { return word != 0; }))
    throw TemporaryError("the memory policy of " + named_range(area) + " names nodes above 63; it cannot be saved yet");
  result.policy = policy.mode;
  result.nodes = policy.nodes[0];
  return result;
}

// Kernels that have guard pages and cannot show them (6.13 and 6.14) show nothing.
std::vector<GuardPages> find_guards() {
  std::vector<GuardPages> result;
  const UniqueFd pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  std::array<engine::PageRegion, 512> regions;
  std::uint64_t from = CAIRN_PAGE_SIZE;
  while (pagemap && from < CAIRN_FIXED_BASE) {
    engine::PagemapScan scan{};
    scan.size = sizeof scan;
    scan.start = from;
    scan.end = CAIRN_FIXED_BASE;
    scan.vec = reinterpret_cast<std::uint64_t>(regions.data());
    scan.vec_len = regions.size();
    scan.category_mask = scan.return_mask = kPageGuard;
    const long found = ioctl(pagemap.get(), engine::kPagemapScan, &scan);
    for (long i = 0; i < found; ++i) result.push_back({regions[i].start, regions[i].end});
    if (found <= 0 || scan.walk_end <= from) break;
    from = scan.walk_end;
  }
  return result;
}

// No call tells it, but the next mapping shows it: a locked one cannot be invalidated, and has its pages at once unless
// they are to be locked as they come.
std::uint32_t lock_of_future_mappings() {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  void* page = host::arena_mmap(nullptr, CAIRN_PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (page == MAP_FAILED) throw TemporaryError(with_errno("no page can be mapped", errno));
  const bool locked = raw_syscall(SYS_msync, address(page), CAIRN_PAGE_SIZE, MS_INVALIDATE) == -EBUSY;
  unsigned char resident = 0;
  raw_syscall(SYS_mincore, address(page), CAIRN_PAGE_SIZE, address(&resident));
  host::arena_munmap(page, CAIRN_PAGE_SIZE);
  if (!locked) return 0;
  return (resident & 1) != 0 ? MCL_FUTURE : MCL_FUTURE | MCL_ONFAULT;
}

}  // namespace

MemoryState find_particulars(const std::vector<Area>& areas) {
  MemoryState state;
  Policy usual;
  get_policy(usual, 0, 0);
  for (const Area& area : areas) {
    AreaParticulars particulars = look_at(area, usual);
    if (particulars.policy >= 0 || !particulars.name.empty()) state.areas.push_back(std::move(particulars));
  }
  state.guards = find_guards();
  state.lock_future = lock_of_future_mappings();
  return state;
}

void restore_particulars(const MemoryState& state, const Area& area) {
  const auto found = std::lower_bound(state.areas.begin(), state.areas.end(), area.start,
                                      [](const AreaParticulars& p, std::uint64_t at) { return p.start < at; });
  if (found == state.areas.end() || found->start != area.start) return;
  const auto length = static_cast<long>(area.end - area.start);
  if (found->policy >= 0)
    raw_syscall(SYS_mbind, static_cast<long>(area.start), length, found->policy, address(&found->nodes), 65, 0);
  if (!found->name.empty()) {
    raw_syscall(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, static_cast<long>(area.start), length,
                address(found->name.c_str()));
  }
}

void restore_guards(const MemoryState& state) {
  for (const GuardPages& guard : state.guards) {
    if (madvise(reinterpret_cast<void*>(guard.start), guard.end - guard.start, kGuardInstall) != 0)
      throw EnvironmentError(with_errno("cannot make the program's guard pages at " + hex(guard.start), errno));
  }
}

void seal(const Area& area) {
  const long result = raw_syscall(kMseal, static_cast<long>(area.start), static_cast<long>(area.end - area.start), 0);
  if (is_error(result))
    throw EnvironmentError(
        with_errno("cannot seal the program's memory " + named_range(area), static_cast<int>(-result)));
}

void check_particulars(const Image& image) {
  const MemoryState& state = image.get<MemoryState>();
  std::uint64_t end = 0;
  for (const GuardPages& guard : state.guards) {
    const bool sound = guard.start % CAIRN_PAGE_SIZE == 0 && guard.end % CAIRN_PAGE_SIZE == 0 && guard.start >= end &&
                       guard.start < guard.end && image.is_stored(guard.start, guard.end - guard.start);
    if (!sound) image.contradiction("its guard pages at " + hex(guard.start) + " are not in its memory");
    end = guard.end;
  }
  if (!std::is_sorted(state.areas.begin(), state.areas.end(),
                      [](const AreaParticulars& a, const AreaParticulars& b) { return a.start < b.start; }))
    image.contradiction("the particulars of its memory are not in order");
}

}  // namespace cairn::state
