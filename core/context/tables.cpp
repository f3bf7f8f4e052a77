// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <numeric>
#include <unordered_map>

#include "core/base/error.hpp"
#include "core/context/metadata.hpp"

namespace cairn::context {

namespace {

class Strings {
 public:
  std::uint32_t add(const std::string& text) {
    if (text.empty()) return 0;
    const auto [it, fresh] = known_.try_emplace(text, static_cast<std::uint32_t>(bytes_.size()));
    if (fresh) {
      bytes_.insert(bytes_.end(), text.begin(), text.end());
      bytes_.push_back(0);
    }
    return it->second;
  }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_{0};
  std::unordered_map<std::string, std::uint32_t> known_;
};

template <typename Record>
PendingSection as_section(std::uint32_t type, const std::vector<Record>& table) {
  PendingSection section{type, 1, 0, std::vector<std::uint8_t>(table.size() * sizeof(Record))};
  if (!table.empty()) std::memcpy(section.bytes.data(), table.data(), section.bytes.size());
  return section;
}

cairn_ctx_area area_record(const PendingArea& pending, Strings& strings) {
  const Area& a = pending.area;
  cairn_ctx_area r{};
  r.start = a.start, r.end = a.end;
  r.file_offset = a.file_offset, r.device = a.device, r.inode = a.inode;
  r.object = pending.place.object, r.object_offset = pending.place.offset;
  r.prot = a.prot;
  r.flags = (a.shared ? CAIRN_CTX_AREA_SHARED : 0) | (a.grows_down ? CAIRN_CTX_AREA_GROWSDOWN : 0) |
            (a.no_reserve ? CAIRN_CTX_AREA_NORESERVE : 0) | (a.huge_tlb ? CAIRN_CTX_AREA_HUGETLB : 0) |
            (a.is_brk ? CAIRN_CTX_AREA_BRK : 0) | (a.deleted ? CAIRN_CTX_AREA_DELETED : 0) |
            (pending.content ? CAIRN_CTX_AREA_CONTENT : 0);
  r.path = strings.add(a.path);
  r.vm_flags = strings.add(a.vm_flags);
  return r;
}

// Areas sorted by address; `place[i]` is where the i-th one added went.
std::vector<cairn_ctx_area> sort_areas(const std::vector<PendingArea>& areas, Strings& strings,
                                       std::vector<std::uint32_t>& place) {
  std::vector<std::uint32_t> order(areas.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto before = [&areas](std::uint32_t a, std::uint32_t b) { return areas[a].area.start < areas[b].area.start; };
  if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);
  place.resize(areas.size());
  std::vector<cairn_ctx_area> sorted;
  sorted.reserve(areas.size());
  for (const std::uint32_t i : order) {
    if (!sorted.empty() && areas[i].area.start < sorted.back().end) {
      throw PermanentError("two areas of the process overlap at " + std::to_string(areas[i].area.start));
    }
    place[i] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(area_record(areas[i], strings));
  }
  return sorted;
}

// Sorts chunks, and lays their runs in the same order.
std::vector<cairn_ctx_run> sort_chunks(std::vector<cairn_ctx_chunk>& chunks, const std::vector<cairn_ctx_run>& runs) {
  const auto in_order = [&runs](const cairn_ctx_chunk& a, const cairn_ctx_chunk& b) {
    if (a.flags != b.flags) return a.flags < b.flags;
    if (a.target != b.target) return a.target < b.target;
    return runs[a.first_run].address < runs[b.first_run].address;
  };
  if (!std::is_sorted(chunks.begin(), chunks.end(), in_order)) std::sort(chunks.begin(), chunks.end(), in_order);
  std::vector<cairn_ctx_run> sorted;
  sorted.reserve(runs.size());
  const cairn_ctx_chunk* before = nullptr;
  std::uint64_t end = 0;
  for (cairn_ctx_chunk& chunk : chunks) {
    if (before == nullptr || before->target != chunk.target || before->flags != chunk.flags) end = 0;
    const auto first = static_cast<std::uint32_t>(sorted.size());
    for (std::uint32_t i = 0; i < chunk.run_count; ++i) {
      const cairn_ctx_run& run = runs[chunk.first_run + i];
      if (run.address < end) throw PermanentError("a page was saved twice at " + std::to_string(run.address));
      end = run.address + std::uint64_t{run.pages} * CAIRN_CTX_PAGE;
      sorted.push_back(run);
    }
    chunk.first_run = first;
    before = &chunk;
  }
  return sorted;
}

}  // namespace

std::vector<PendingSection> build_tables(const std::vector<PendingArea>& areas,
                                         const std::vector<PendingObject>& objects, std::vector<cairn_ctx_chunk> chunks,
                                         const std::vector<cairn_ctx_run>& runs) {
  Strings strings;
  std::vector<std::uint32_t> place;
  const auto area_table = sort_areas(areas, strings, place);
  std::vector<cairn_ctx_object> object_table;
  for (const PendingObject& object : objects) {
    object_table.push_back(object.record);
    object_table.back().path = strings.add(object.path);
    object_table.back().location = strings.add(object.location);
  }
  for (cairn_ctx_chunk& chunk : chunks) {
    if ((chunk.flags & CAIRN_CTX_CHUNK_OBJECT) == 0) chunk.target = place.at(chunk.target);
  }
  const auto run_table = sort_chunks(chunks, runs);
  std::vector<PendingSection> sections;
  sections.push_back(as_section(CAIRN_CTX_AREAS, area_table));
  sections.push_back(as_section(CAIRN_CTX_OBJECTS, object_table));
  sections.push_back(as_section(CAIRN_CTX_CHUNKS, chunks));
  sections.push_back(as_section(CAIRN_CTX_RUNS, run_table));
  sections.push_back({CAIRN_CTX_STRINGS, 1, 0, strings.take()});
  return sections;
}

}  // namespace cairn::context
