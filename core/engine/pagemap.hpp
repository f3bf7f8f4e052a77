// SPDX-License-Identifier: Apache-2.0
// The kernel's page-table interfaces that Debian 12's headers do not have yet, as documented in
// Documentation/admin-guide/mm/pagemap.rst of the kernel.
#pragma once

#include <linux/ioctl.h>

#include <cstdint>

namespace cairn::engine {

struct PageRegion {
  std::uint64_t start, end, categories;
};

struct PagemapScan {
  std::uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
  std::uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

inline constexpr unsigned long kPagemapScan = _IOWR('f', 16, PagemapScan);

// Categories of PAGEMAP_SCAN.
inline constexpr std::uint64_t kPageWpAllowed = 1 << 0;
inline constexpr std::uint64_t kPageWritten = 1 << 1;
inline constexpr std::uint64_t kPageFile = 1 << 2;
inline constexpr std::uint64_t kPagePresent = 1 << 3;
inline constexpr std::uint64_t kPageSwapped = 1 << 4;
inline constexpr std::uint64_t kPagePfnZero = 1 << 5;
inline constexpr std::uint64_t kPageHuge = 1 << 6;

// Bits of an entry of /proc/self/pagemap.
inline constexpr std::uint64_t kEntryPresent = 1ULL << 63;
inline constexpr std::uint64_t kEntrySwapped = 1ULL << 62;
inline constexpr std::uint64_t kEntryFile = 1ULL << 61;
inline constexpr std::uint64_t kEntrySoftDirty = 1ULL << 55;

}  // namespace cairn::engine
