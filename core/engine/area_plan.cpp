// SPDX-License-Identifier: Apache-2.0
#include "core/engine/area_plan.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/long_path.hpp"
#include "core/context/object_store.hpp"
#include "core/context/output.hpp"

namespace cairn::engine {

namespace {

bool starts_with(const std::string& text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

// Mappings whose pages belong to the kernel or a device.
bool is_special(const Area& area) {
  return has_flag(area, "io") || has_flag(area, "pf") || starts_with(area.path, "[v") ||
         starts_with(area.path, "/[aio]") || starts_with(area.path, "anon_inode:");
}

bool is_file(const Area& area) {
  return starts_with(area.path, "/") && !(starts_with(area.path, "/dev/zero") && !area.shared);
}

bool swap_is_off() {
  std::ifstream in("/proc/swaps");
  std::string header, first;
  return std::getline(in, header) && !std::getline(in, first);
}

bool is_memory_file(int fd) {
  struct statfs fs;
  return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == 0x858458f6 /* ramfs */);
}

// Of a file that cannot be opened: one without a name is in memory, whatever it is.
bool is_in_memory(const Area& area, bool named) {
  return !named || (area.keep_closed && is_memory_file(open_path(area.path, O_PATH | O_CLOEXEC).get()));
}

// Descriptors of shared memory: one for each object, however many areas show it.
using SharedFiles = std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<UniqueFd>>;

std::shared_ptr<UniqueFd> file_of(const Area& area, SharedFiles& files, int fd_base) {
  std::shared_ptr<UniqueFd>& file = files[{area.device, area.inode}];
  if (!file) file = std::make_shared<UniqueFd>(context::move_high(context::open_mapped_file(area), fd_base));
  return file;
}

// Shared memory may have pages that this process's page table does not know.
bool plan_shared(const Area& area, const DumpRequest& request, AreaPlan& plan, SharedFiles& files) {
  if (request.saved_elsewhere.contains(area.start)) return false;
  if (area.huge_tlb) {
    plan.scan.kind = ScanKind::private_all;
    return true;
  }
  if (request.saved_files.contains({area.device, area.inode})) return false;
  const bool named =
      is_file(area) && !area.deleted && !starts_with(area.path, "/memfd:") && !starts_with(area.path, "/SYSV");
  auto file = file_of(area, files, request.writer->options().fd_base);
  const bool memory_file = *file ? is_memory_file(file->get()) : is_in_memory(area, named);
  if (!memory_file && named && !request.save_shared_files) return false;  // the file itself is the content
  if (*file) {
    plan.scan.kind = ScanKind::shared_data;
    plan.scan.file = file->get();
    plan.scan.file_offset = area.file_offset;
    plan.file = std::move(file);
  } else {
    plan.scan.kind = memory_file && swap_is_off() ? ScanKind::shared_core : ScanKind::everything;
  }
  return true;
}

bool plan_private(const Area& area, context::Writer& writer, AreaPlan& plan, context::ObjectPlace& place) {
  plan.scan.kind = ScanKind::private_all;
  plan.releasable = !area.huge_tlb;
  if (!is_file(area) || area.huge_tlb) return true;
  place = writer.add_object_of(area);
  plan.over_object = place.object != CAIRN_CTX_NONE;
  plan.scan.kind = plan.over_object ? ScanKind::private_own : ScanKind::everything;
  if (!plan.over_object) plan.readable = false;  // may be longer than the file it maps
  return true;
}

bool by_page_table(const AreaPlan& plan) {
  return plan.scan.kind == ScanKind::private_all || plan.scan.kind == ScanKind::private_own;
}

// How far each may look ahead: over neighbours with little between them.
void look_ahead(std::vector<AreaPlan>& plans) {
  constexpr std::uint64_t kNear = 1u << 20;  // bytes
  const AreaPlan* next = nullptr;
  for (auto plan = plans.rbegin(); plan != plans.rend(); ++plan) {
    if (!by_page_table(*plan)) continue;
    ScanTarget& scan = plan->scan;
    const bool near = next != nullptr && next->scan.start >= scan.end && next->scan.start - scan.end <= kNear;
    scan.ahead = near ? next->scan.ahead : scan.end;
    next = &*plan;
  }
}

}  // namespace

bool needs_pause(const Area& area) {
  return area.shared || area.huge_tlb || has_flag(area, "dc") || has_flag(area, "wf");
}

std::vector<AreaPlan> plan_areas(context::Writer& writer, std::span<const Area> areas, const DumpRequest& request) {
  std::vector<AreaPlan> plans;
  SharedFiles files;
  for (const Area& area : areas) {
    AreaPlan plan;
    plan.scan.start = area.start;
    plan.scan.end = area.end;
    plan.readable = (area.prot & PROT_READ) != 0 && !area.shared;
    context::ObjectPlace place;
    const bool content = !is_special(area) && (area.shared ? plan_shared(area, request, plan, files)
                                                           : plan_private(area, writer, plan, place));
    plan.index = writer.add_area(area, place, content);
    if (content) plans.push_back(std::move(plan));
  }
  look_ahead(plans);
  return plans;
}

}  // namespace cairn::engine
