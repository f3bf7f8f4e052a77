// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/unique_fd.hpp"
#include "core/context/object_store.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/extension.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/memory/area_text.hpp"
#include "core/state/memory/host_pointers.hpp"
#include "core/state/memory/kind.hpp"
#include "core/state/memory/mapping_table.hpp"
#include "core/state/memory/particulars.hpp"
#include "core/state/memory/shown_path.hpp"
#include "core/state/memory/strangers.hpp"
#include "core/state/system_v/memory.hpp"

namespace cairn::state {
namespace {

void set_flags(Area& area) {
  area.grows_down = has_flag(area, "gd");
  area.no_reserve = has_flag(area, "nr");
  area.huge_tlb = has_flag(area, "ht");
}

// Names in brackets are the kernel's own; private mappings of /dev/zero and of huge pages are anonymous memory.
void settle_path(Area& area, ShownPaths& paths) {
  constexpr std::string_view named = "[anon:", shared_named = "[anon_shmem:";
  if (area.path.empty()) return;
  const SharedText was = area.path;
  const std::string& shown_text = was;
  const auto name_after = [&](std::string_view begin) {
    return shown_text.substr(begin.size(), shown_text.size() - begin.size() - 1);
  };
  if (shown_text.starts_with(named)) area.name = name_after(named);
  if (shown_text.starts_with(shared_named)) {
    area.name = name_after(shared_named);
    area.path = std::string_view("/dev/zero (deleted)");  // as without a name
  }
  const ShownPath& shown = paths.of(area.path, area.device, area.inode);
  area.path = shown.path;
  area.deleted = shown.deleted;
  if (!area.path.string().starts_with("[") &&
      (area.shared || (!(area.path == "/dev/zero") && !(area.path == "/anon_hugepage" && area.deleted))))
    return;
  area.path = {};
  area.deleted = false;
  area.file_offset = area.device = area.inode = 0;
}

std::string where(const Area& area) { return " mapped at " + range(area); }

void check_flags(const Area& area) {
  if (area.start < lowest_address)
    throw PermanentError("memory" + where(area) + ", where a null pointer may lead, cannot be saved");
  if (has_flag(area, "io") || has_flag(area, "pf"))
    throw PermanentError("device memory " + area.path.string() + where(area) + " cannot be saved");
  if (has_flag(area, "sf"))
    throw PermanentError("memory of a device, " + shortened(area.path) + where(area) + " (MAP_SYNC), cannot be saved");
  if (has_flag(area, "um") || has_flag(area, "uw"))
    throw PermanentError("userfaultfd range" + where(area) + " cannot be saved");
  if (has_flag(area, "ss")) throw PermanentError("a shadow stack" + where(area) + " cannot be saved");
}

// Memory of memfd_secret(2), which nobody can read through the kernel, is on a device of its own.
bool is_secret(const Area& area) {
#ifndef SYS_memfd_secret
  constexpr long SYS_memfd_secret = 447;  // Linux 5.14
#endif
  if (!area.deleted || !(area.path == "/secretmem")) return false;
  const UniqueFd other(static_cast<int>(syscall(SYS_memfd_secret, 0)));
  struct stat status {};
  return other && fstat(other.get(), &status) == 0 && status.st_dev == area.device;
}

void check(const Area& area, ShownPaths& paths) {
  const std::string& path = area.path;
  if (is_secret(area)) throw PermanentError("secret memory (memfd_secret)" + where(area) + " cannot be saved");
  if (area.deleted && path == "/[aio]")
    throw TemporaryError("asynchronous I/O context (aio)" + where(area) + " cannot be saved yet");
  if (path.starts_with("anon_inode:")) throw TemporaryError(path.substr(11) + where(area) + " cannot be saved yet");
  check_flags(area);
  if (!path.empty() && !area.deleted && paths.is_no_file(path))
    throw PermanentError("device " + shortened(path) + where(area) + " cannot be saved");
  if (area.huge_tlb && !path.empty())
    throw TemporaryError("huge pages of " + shortened(path) + where(area) + " cannot be saved yet");
}

// Shown as deleted, but it has another path in some other directory: who uses that would not see this memory any more.
// Only an administrator is told.
void check_links(const Area& area) {
  char link[80];
  std::snprintf(link, sizeof link, "/proc/self/map_files/%" PRIx64 "-%" PRIx64, area.start, area.end);
  struct stat status {};
  if (stat(link, &status) == 0 && status.st_nlink != 0)
    throw TemporaryError("file " + shortened(area.path) + where(area) + " is not at its path any more");
}

// What the host makes and gives up meanwhile may look like one, once.
void check_strangers(std::vector<Area> above) {
  std::vector<Area> found = strangers_among(above);
  for (int i = 0; i < 2 && !found.empty(); ++i) {
    above.clear();
    read_guest_mappings(MappingDetail::places, &above);
    found = strangers_among(above);
  }
  if (found.empty()) return;
  throw PermanentError("memory" + where(found.front()) +
                       " cannot be saved: the program has put it (MAP_FIXED) where the host has its own");
}

// Many areas are of few files: each path is looked at once.
std::vector<Area> find_areas(MappingDetail detail, std::uint64_t brk_start, std::uint64_t brk_end) {
  std::vector<Area> above;
  const bool look = detail == MappingDetail::places;  // for the rest the program stands
  std::vector<Area> areas = read_guest_mappings(detail, look ? &above : nullptr);
  check_strangers(std::move(above));
  ShownPaths paths;
  for (Area& area : areas) {
    set_flags(area);
    settle_path(area, paths);
    check(area, paths);
    if (area.shared && area.deleted && is_shown_as_system_v(area.path)) area.device |= system_v_device;
    if (area.shared && area.deleted) check_links(area);
    area.is_brk = area.path.empty() && area.start >= brk_start && area.start < brk_end;
  }
  return areas;
}

bool sync_file(const Area& area) {
  const UniqueFd file = context::open_mapped_file(area);
  if (!file) return false;
  if (fdatasync(file.get()) != 0) throw EnvironmentError(with_errno("writing back " + area.path.string(), errno));
  return true;
}

bool is_written_back(const Area& area) {
  return area.shared && !area.path.empty() && !area.deleted && (area.prot & PROT_WRITE) != 0;
}

// Of a file that few areas show only these: there may be much more of it that waits for the disk, and is not the
// program's. Each call waits for the disk, though: a file that many areas show is written back as a whole, where it can
// be opened.
void write_back(const std::vector<Area>& areas) {
  constexpr int kFew = 16;
  using File = std::pair<std::uint64_t, std::uint64_t>;
  std::map<File, int> shown;
  for (const Area& area : areas) shown[{area.device, area.inode}] += is_written_back(area) ? 1 : 0;
  std::map<File, bool> whole;
  for (const Area& area : areas) {
    if (!is_written_back(area)) continue;
    const File file{area.device, area.inode};
    const auto [done, fresh] = whole.try_emplace(file);
    if (fresh) done->second = shown[file] > kFew && sync_file(area);
    if (!done->second && msync(reinterpret_cast<void*>(area.start), area.end - area.start, MS_SYNC) != 0)
      throw EnvironmentError(with_errno("writing back " + area.path.string(), errno));
  }
}

// Memory of all that the kernel shows as a deleted file.
bool has_no_file(const Area& area) {
  return is_system_v(area) || area.path == "/dev/zero" || area.path.string().starts_with("/memfd:");
}

[[noreturn]] void refuse_other_holder(const Area& area, const std::string& holder) {
  const std::string what = is_system_v(area)   ? "System V shared memory " + std::to_string(area.inode)
                           : has_no_file(area) ? "shared memory " + shortened(area.path)
                                               : "deleted file " + shortened(area.path);
  throw TemporaryError(what + where(area) + " is mapped by " + holder + ", too, and cannot be saved yet");
}

// Does an earlier member show all of it?
bool is_saved_elsewhere(const Area& area, const MemberMemory& memory) {
  std::uint64_t at = area.file_offset;
  const std::uint64_t end = at + (area.end - area.start);
  for (bool further = true; further && at < end;) {
    further = false;
    for (const MemberRange& range : memory.ranges) {
      if (range.pid == getpid()) break;
      if (range.offset > at || range.offset + range.length <= at) continue;
      at = range.offset + range.length;
      further = true;
    }
  }
  return at >= end;
}

// Its users are counted, also those that nobody sees. In a group its leader does so.
void check_attachments(const Area& area, const std::vector<Area>& all) {
  const auto ours = std::count_if(all.begin(), all.end(), [&](const Area& other) {
    return other.device == area.device && other.inode == area.inode;
  });
  if (attachments(name_of_memory(area.inode).number) > static_cast<std::uint64_t>(ours))
    refuse_other_holder(area, unknown_process);
}

// What a file is of which another member has a descriptor is saved by that one, all of it.
void settle_in_group(Area& area, const GroupSharing& sharing, std::set<std::uint64_t>& saved_elsewhere) {
  const MemberMemory* memory = sharing.memory_of(area.device, area.inode);
  if (memory == nullptr) throw TemporaryError("shared memory" + where(area) + " has come while the program stood");
  if (!memory->outside.empty()) refuse_other_holder(area, memory->outside);
  const MemberFile* file = sharing.nameless(area.device, area.inode, !has_no_file(area));
  if (file != nullptr) {
    if (!file->outside.empty()) refuse_other_holder(area, file->outside);
    area.device = file->device;
  }
  if (file != nullptr || is_saved_elsewhere(area, *memory)) saved_elsewhere.insert(area.start);
}

// Deleted files that are open are known by what fstat() says, and some file systems show another device for a mapping
// (not those of memory).
// One that is mapped only may be mapped by another process, too, for which nothing stands in.
void settle_nameless(Capture& capture) {
  std::optional<OtherMappings> others;
  const SharedObjects& shared = capture.shared;
  for (Area& area : capture.areas) {
    if (!area.shared || !area.deleted) continue;
    if (const GroupSharing* sharing = group_sharing()) {
      settle_in_group(area, *sharing, capture.saved_elsewhere);
      continue;
    }
    if (is_system_v(area)) {
      check_attachments(area, capture.areas);
      continue;
    }
    if (has_no_file(area) && host::extension().restores_sharing(shared_memory_name(area))) continue;
    const auto open = std::find_if(shared.objects.begin(), shared.objects.end(), [&](const SharedObject& object) {
      return object.kind == nameless_file_number && object.identity.inode == area.inode &&
             (object.identity.device == area.device || !has_no_file(area));
    });
    if (!others) others.emplace();
    const std::string holder =
        has_no_file(area) ? others->of_memory(area.device, area.inode) : others->of_file(area.inode);
    if (!holder.empty()) refuse_other_holder(area, holder);
    if (open != shared.objects.end()) area.device = open->identity.device;
  }
}

// Some file systems show another device for a mapping than stat() does.
void keep_locked_files_closed(Capture& capture) {
  std::set<std::uint64_t> inodes;
  for (const ObjectIdentity& file : capture.locked_files) inodes.insert(file.inode);
  for (Area& area : capture.areas) area.keep_closed = inodes.contains(area.inode);
}

// A debugging aid: what a restarted guest must not follow.
void report_host_pointers(const std::vector<Area>& areas) {
  if (host_pointer_scan_wanted()) std::fputs(describe(find_host_pointers(areas), 20).c_str(), stderr);
}

}  // namespace

// What only the flags tell is found when the program stands.
void memory_obstacle(const cairn_guest& /*guest*/) { static_cast<void>(find_areas(MappingDetail::places, 0, 0)); }

std::vector<std::uint8_t> capture_memory(Capture& capture) {
  capture.areas = find_areas(MappingDetail::all, capture.brk_start, capture.brk_end);
  settle_nameless(capture);
  keep_locked_files_closed(capture);
  write_back(capture.areas);
  report_host_pointers(capture.areas);
  MemoryState particulars = find_particulars(capture.areas);
  if (particulars.areas.empty() && particulars.guards.empty() && particulars.lock_future == 0) return {};
  return encode(particulars);
}

}  // namespace cairn::state
