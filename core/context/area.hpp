// SPDX-License-Identifier: Apache-2.0
// One mapping of the guest, as /proc/self/smaps tells it. A plain value: no invariants beyond alignment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/shared_text.hpp"

namespace cairn {

// Page-aligned [start, end).
struct Area {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint32_t prot = 0;   // PROT_*
  bool shared = false;      // MAP_SHARED
  bool grows_down = false;  // MAP_GROWSDOWN
  bool no_reserve = false;
  bool huge_tlb = false;
  bool is_brk = false;                  // the guest's brk heap
  std::uint64_t file_offset = 0;        // of start, where file-backed
  std::uint64_t device = 0, inode = 0;  // as in /proc/self/maps; device as makedev(3) makes it
  SharedText path;                      // file-backed: as in /proc/self/maps, without " (deleted)"
  bool deleted = false;
  bool keep_closed = false;  // the program would lose locks that it has on the file if it were opened and closed
  SharedText name;           // of anonymous memory, as the program has named it
  SharedText vm_flags;       // as in smaps' VmFlags ("rd wr mr dd wf ..."), blank-separated
};

// Is it among VmFlags ("lo", "hg", ...)? All have two letters.
inline bool has_flag(const Area& area, std::string_view flag) noexcept {
  const std::string_view flags = area.vm_flags.string();
  for (std::size_t at = 0; at + 2 <= flags.size(); at += 3) {
    if (flags[at] == flag[0] && flags[at + 1] == flag[1]) return true;
  }
  return false;
}

}  // namespace cairn
