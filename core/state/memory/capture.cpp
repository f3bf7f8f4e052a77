// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstdio>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/memory/area_text.hpp"
#include "core/state/memory/host_pointers.hpp"
#include "core/state/memory/kind.hpp"
#include "core/state/memory/particulars.hpp"
#include "core/state/memory/shown_path.hpp"

namespace cairn::state {
namespace {

// "7f00-7f01 rw-p 00000000 08:01 1234   /path with blanks"
bool parse_range(std::string_view line, Area& area) {
  unsigned long start = 0, end = 0, offset = 0, inode = 0;
  unsigned device_major = 0, device_minor = 0;
  char permissions[5] = {};
  int path_at = 0;
  const std::string text(line);
  if (std::sscanf(text.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &start, &end, permissions, &offset, &device_major,
                  &device_minor, &inode, &path_at) < 7)
    return false;
  area.start = start;
  area.end = end;
  area.prot = (permissions[0] == 'r' ? PROT_READ : 0) | (permissions[1] == 'w' ? PROT_WRITE : 0) |
              (permissions[2] == 'x' ? PROT_EXEC : 0);
  area.shared = permissions[3] == 's';
  area.file_offset = offset;
  area.device = makedev(device_major, device_minor);
  area.inode = inode;
  area.path = path_at > 0 ? text.substr(static_cast<std::size_t>(path_at)) : "";
  return true;
}

void set_flags(Area& area) {
  area.grows_down = has_flag(area, "gd");
  area.no_reserve = has_flag(area, "nr");
  area.huge_tlb = has_flag(area, "ht");
}

// Names in brackets are the kernel's own; private mappings of /dev/zero and of huge pages are anonymous memory.
void settle_path(Area& area) {
  constexpr std::string_view named = "[anon:", shared_named = "[anon_shmem:";
  const auto name_after = [&](std::string_view begin) {
    return area.path.substr(begin.size(), area.path.size() - begin.size() - 1);
  };
  if (area.path.starts_with(named)) area.name = name_after(named);
  if (area.path.starts_with(shared_named)) {
    area.name = name_after(shared_named);
    area.path = "/dev/zero (deleted)";  // as without a name
  }
  const ShownPath shown = path_of_mapping(area.path, area.inode);
  area.path = shown.path;
  area.deleted = shown.deleted;
  if (!area.path.starts_with("[") &&
      (area.shared || (area.path != "/dev/zero" && !(area.path == "/anon_hugepage" && area.deleted))))
    return;
  area.path.clear();
  area.deleted = false;
  area.file_offset = area.device = area.inode = 0;
}

// Memory without a file that the kernel shows as a deleted one.
bool is_shared_anonymous(const Area& area) {
  return area.shared && area.deleted && (area.path == "/dev/zero" || area.path.starts_with("/memfd:"));
}

void check(const Area& area) {
  const std::string where = " mapped at " + range(area);
  if (area.deleted && area.path == "/[aio]")
    throw TemporaryError("asynchronous I/O context (aio)" + where + " cannot be saved yet");
  if (area.deleted && area.path.starts_with("/SYSV"))
    throw TemporaryError("System V shared memory" + where + " cannot be saved yet");
  if (area.path.starts_with("anon_inode:")) throw TemporaryError(area.path.substr(11) + where + " cannot be saved yet");
  if (has_flag(area, "io") || has_flag(area, "pf"))
    throw PermanentError("device memory " + area.path + where + " cannot be saved");
  if (has_flag(area, "um") || has_flag(area, "uw"))
    throw PermanentError("userfaultfd range" + where + " cannot be saved");
  if (has_flag(area, "ss")) throw PermanentError("a shadow stack" + where + " cannot be saved");
  if (area.shared && area.deleted && !is_shared_anonymous(area))
    throw TemporaryError("deleted file " + area.path + where + " and shared cannot be saved yet");
  struct stat status {};
  if (!area.path.empty() && !area.deleted && stat(area.path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    throw PermanentError("device " + area.path + where + " cannot be saved");
  if (area.huge_tlb && !area.path.empty())
    throw TemporaryError("huge pages of " + area.path + where + " cannot be saved yet");
}

// Memory that can only be executed gets a key from the kernel, and will again.
void check_key(const Area& area, std::uint64_t key) {
  if (key != 0 && area.prot != PROT_EXEC)
    throw TemporaryError("memory with a protection key (pkey_mprotect) mapped at " + range(area) +
                         " cannot be saved yet");
}

bool belongs_to_guest(const Area& area) { return area.end <= CAIRN_FIXED_BASE; }

std::vector<Area> read_guest_areas() {
  const std::string text = read_file_or_throw("/proc/self/smaps");
  std::vector<Area> areas;
  bool inside = false;
  for (std::string_view line : split_lines(text)) {
    // A range begins with lower-case hexadecimal digits, the lines below it with a capital.
    if (!line.empty() && (line[0] < 'A' || line[0] > 'Z')) {
      Area area;
      inside = parse_range(line, area) && belongs_to_guest(area);
      if (inside) areas.push_back(std::move(area));
    } else if (inside && line.starts_with("ProtectionKey:")) {
      check_key(areas.back(), to_number(field(line, "ProtectionKey")));
    } else if (inside && line.starts_with("VmFlags:")) {
      areas.back().vm_flags = std::string(line.substr(sizeof("VmFlags:")));
      while (areas.back().vm_flags.ends_with(" ")) areas.back().vm_flags.pop_back();
    }
  }
  return areas;
}

std::vector<Area> find_areas(std::uint64_t brk_start, std::uint64_t brk_end) {
  std::vector<Area> areas = read_guest_areas();
  for (Area& area : areas) {
    set_flags(area);
    settle_path(area);
    check(area);
    area.is_brk = area.path.empty() && area.start >= brk_start && area.start < brk_end;
  }
  return areas;
}

void write_back(const std::vector<Area>& areas) {
  for (const Area& area : areas) {
    if (!area.shared || area.path.empty() || area.deleted || (area.prot & PROT_WRITE) == 0) continue;
    if (msync(reinterpret_cast<void*>(area.start), area.end - area.start, MS_SYNC) != 0)
      throw EnvironmentError(with_errno("writing back " + area.path, errno));
  }
}

// A debugging aid: what a restarted guest must not follow.
void report_host_pointers(const std::vector<Area>& areas) {
  if (host_pointer_scan_wanted()) std::fputs(describe(find_host_pointers(areas), 20).c_str(), stderr);
}

}  // namespace

void memory_obstacle(const cairn_guest& /*guest*/) { static_cast<void>(find_areas(0, 0)); }

std::vector<std::uint8_t> capture_memory(Capture& capture) {
  capture.areas = find_areas(capture.brk_start, capture.brk_end);
  write_back(capture.areas);
  report_host_pointers(capture.areas);
  MemoryState particulars = find_particulars(capture.areas);
  if (particulars.areas.empty() && particulars.guards.empty() && particulars.lock_future == 0) return {};
  return encode(particulars);
}

}  // namespace cairn::state
