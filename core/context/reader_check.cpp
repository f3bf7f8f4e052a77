// SPDX-License-Identifier: Apache-2.0
// Checks the tables of a context file against the format's rules, each before it is used.
#include <algorithm>
#include <cstring>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/context/object_store.hpp"
#include "core/context/reader_state.hpp"

namespace cairn::context {

namespace {

constexpr std::uint64_t kPage = CAIRN_CTX_PAGE;
constexpr std::uint64_t kMaxFile = 1ULL << 62;
constexpr std::uint32_t kAreaFlags = CAIRN_CTX_AREA_SHARED | CAIRN_CTX_AREA_GROWSDOWN | CAIRN_CTX_AREA_NORESERVE |
                                     CAIRN_CTX_AREA_HUGETLB | CAIRN_CTX_AREA_BRK | CAIRN_CTX_AREA_DELETED |
                                     CAIRN_CTX_AREA_CONTENT;
constexpr std::uint32_t kProt = 7;  // PROT_READ, PROT_WRITE, PROT_EXEC

// "objects/<hash>", "../objects/<hash>": relative, upwards only at the beginning, and named by the hash, so that a
// file cannot make its reader open anything else.
bool is_location(const std::string& location, const std::string& hash) {
  if (location.empty() || location.front() == '/' || hash.empty()) return false;
  bool down = false;
  for (std::size_t at = 0;;) {
    const std::size_t slash = location.find('/', at);
    const std::string part = location.substr(at, slash == std::string::npos ? slash : slash - at);
    if (slash == std::string::npos) return part == hash;
    if (part.empty() || (part == "." && at != 0) || (part == ".." && down)) return false;
    down = down || (part != ".." && part != ".");
    at = slash + 1;
  }
}

class Checker {
 public:
  explicit Checker(Reader::State& state) : s_(state) {}

  void run() {
    find_tables();
    if (s_.strings.empty() || s_.strings.front() != 0 || s_.strings.back() != 0) s_.damaged("strings", "do not end");
    check_objects();
    check_areas();
    check_chunks();
    check_extents();
  }

 private:
  template <typename Record>
  std::span<const Record> table(const Section& section) {
    if (section.version != 1 || section.bytes.size() % sizeof(Record) != 0 ||
        section.bytes.size() / sizeof(Record) >= CAIRN_CTX_NONE) {
      s_.damaged(section.offset, "a table has an odd length or an unknown version");
    }
    return {reinterpret_cast<const Record*>(section.bytes.data()), section.bytes.size() / sizeof(Record)};
  }

  void find_tables();
  void check_objects();
  void check_areas();
  void check_chunks();
  void check_chunk(const cairn_ctx_chunk& chunk, std::size_t index);
  std::uint64_t check_runs(const cairn_ctx_chunk& chunk, std::uint64_t low, std::uint64_t high, bool over_object);
  void check_extents();

  Reader::State& s_;
  std::uint64_t next_run_ = 0, end_ = 0, raw_ = 0, in_objects_ = 0;
};

void Checker::find_tables() {
  bool seen[CAIRN_CTX_STRINGS - CAIRN_CTX_AREAS + 1] = {};
  for (const Section& section : s_.sections) {
    if (section.type < CAIRN_CTX_AREAS) continue;
    if (section.type > CAIRN_CTX_STRINGS) {
      if (section.optional) continue;
      throw PermanentError(s_.name + " has a section of type " + std::to_string(section.type) +
                           ", which this version does not know");
    }
    bool& before = seen[section.type - CAIRN_CTX_AREAS];
    if (before) s_.damaged(section.offset, "a table is there twice");
    before = true;
    switch (section.type) {
      case CAIRN_CTX_AREAS:
        s_.area_table = table<cairn_ctx_area>(section);
        break;
      case CAIRN_CTX_OBJECTS:
        s_.object_table = table<cairn_ctx_object>(section);
        break;
      case CAIRN_CTX_CHUNKS:
        s_.chunks = table<cairn_ctx_chunk>(section);
        break;
      case CAIRN_CTX_RUNS:
        s_.runs = table<cairn_ctx_run>(section);
        break;
      default:
        s_.strings = table<std::uint8_t>(section);
    }
  }
  if (!std::all_of(std::begin(seen), std::end(seen), [](bool b) { return b; }))
    s_.damaged("index", "a table is missing");
}

void Checker::check_objects() {
  for (const cairn_ctx_object& o : s_.object_table) {
    const std::string place = "object " + std::to_string(s_.objects.size());
    if (o.kind > CAIRN_CTX_OBJECT_EXTERNAL || o.build_id_size > sizeof o.build_id || o.size > kMaxFile) {
      s_.damaged(place, "kind or size does not make sense");
    }
    StoredObject object;
    object.kind = o.kind;
    object.size = o.size, object.device = o.device, object.inode = o.inode, object.mtime_ns = o.mtime_ns;
    object.path = s_.string_at(o.path);
    object.location = s_.string_at(o.location);
    const bool known = std::any_of(std::begin(o.hash), std::end(o.hash), [](auto b) { return b != 0; });
    if (known) object.hash = to_hex(o.hash, sizeof o.hash);
    object.build_id = to_hex(o.build_id, o.build_id_size);
    const bool external = o.kind == CAIRN_CTX_OBJECT_EXTERNAL;
    if (external ? !is_location(object.location, object.hash) : !object.location.empty()) {
      s_.damaged(place, "its location \"" + object.location + "\" is not allowed");
    }
    if (o.kind == CAIRN_CTX_OBJECT_EMBEDDED && !known) s_.damaged(place, "has no hash");
    s_.objects.push_back(std::move(object));
  }
  s_.object_chunks.resize(s_.object_table.size());
}

void Checker::check_areas() {
  const std::uint64_t top = std::min<std::uint64_t>(s_.header.arena_top, CAIRN_ARENA_TOP);
  std::uint64_t before = 0;
  TextPool texts;
  for (const cairn_ctx_area& a : s_.area_table) {
    const auto damaged = [&](const char* what) { s_.damaged("area " + hex_number(a.start), what); };
    if (a.start % kPage != 0 || a.end % kPage != 0 || a.start >= a.end || a.start < before || a.end > top) {
      damaged("it is out of order, or outside the arena");
    }
    before = a.end;
    if ((a.flags & ~kAreaFlags) != 0 || (a.prot & ~kProt) != 0 || a.reserved != 0) damaged("unknown flags");
    if (a.object != CAIRN_CTX_NONE &&
        (a.object >= s_.object_table.size() || a.object_offset % kPage != 0 || a.object_offset > kMaxFile)) {
      damaged("its object does not exist");
    }
    if (a.file_offset % kPage != 0) damaged("its file offset is not a multiple of the page size");
    StoredArea stored;
    Area& area = stored.area;
    area.start = a.start, area.end = a.end, area.prot = a.prot;
    area.shared = (a.flags & CAIRN_CTX_AREA_SHARED) != 0;
    area.grows_down = (a.flags & CAIRN_CTX_AREA_GROWSDOWN) != 0;
    area.no_reserve = (a.flags & CAIRN_CTX_AREA_NORESERVE) != 0;
    area.huge_tlb = (a.flags & CAIRN_CTX_AREA_HUGETLB) != 0;
    area.is_brk = (a.flags & CAIRN_CTX_AREA_BRK) != 0;
    area.deleted = (a.flags & CAIRN_CTX_AREA_DELETED) != 0;
    area.file_offset = a.file_offset, area.device = a.device, area.inode = a.inode;
    area.path = texts.of(s_.string_at(a.path));
    area.vm_flags = texts.of(s_.string_at(a.vm_flags));
    stored.content = (a.flags & CAIRN_CTX_AREA_CONTENT) != 0;
    stored.object = a.object;
    stored.object_offset = a.object_offset;
    s_.areas.push_back(std::move(stored));
  }
  s_.area_chunks.resize(s_.area_table.size());
}

// The runs of one chunk lie within [low, high), ascending, behind those of the chunk before. Returns how many bytes
// they have in the file.
std::uint64_t Checker::check_runs(const cairn_ctx_chunk& chunk, std::uint64_t low, std::uint64_t high,
                                  bool over_object) {
  std::uint64_t bytes = 0;
  for (const cairn_ctx_run& run : s_.runs.subspan(chunk.first_run, chunk.run_count)) {
    const std::uint64_t size = std::uint64_t{run.pages} * kPage;
    if (run.pages == 0 || run.address % kPage != 0 || run.address < low || run.address < end_ || run.address >= high ||
        size > high - run.address) {
      s_.damaged("run at " + hex_number(run.address), "it is not within its area, or out of order");
    }
    end_ = run.address + size;
    if ((run.flags & CAIRN_CTX_RUN_ZERO) == 0) bytes += size;
    if ((run.flags & ~CAIRN_CTX_RUN_ZERO) != 0 || (run.flags != 0 && !over_object)) {
      s_.damaged("run at " + hex_number(run.address), "unknown flags");
    }
  }
  return bytes;
}

void Checker::check_chunk(const cairn_ctx_chunk& chunk, std::size_t index) {
  const auto damaged = [&](const char* what) { s_.damaged("chunk " + std::to_string(index), what); };
  const bool of_object = chunk.flags == CAIRN_CTX_CHUNK_OBJECT;
  if ((chunk.flags & ~CAIRN_CTX_CHUNK_OBJECT) != 0 ||
      chunk.target >= (of_object ? s_.objects.size() : s_.areas.size()) || chunk.first_run != next_run_ ||
      chunk.run_count == 0 || chunk.run_count > s_.runs.size() - next_run_ || chunk.raw > CAIRN_CTX_CHUNK_MAX) {
    damaged("it belongs to nothing, or its runs are not where they should be");
  }
  next_run_ += chunk.run_count;
  std::uint64_t bytes = 0;
  if (of_object) {
    const StoredObject& object = s_.objects[chunk.target];
    bytes = check_runs(chunk, 0, page_round_up(object.size), false);
    const std::uint64_t from = s_.runs[chunk.first_run].address;
    if (object.kind != CAIRN_CTX_OBJECT_EMBEDDED || end_ - from != bytes) damaged("its object has holes");
    in_objects_ += bytes;
  } else {
    StoredArea& area = s_.areas[chunk.target];
    if (!area.content) damaged("its area says that it has no content");
    bytes = check_runs(chunk, area.area.start, area.area.end, area.object != CAIRN_CTX_NONE);
    area.stored_pages += bytes / kPage;
    for (const auto& run : s_.runs.subspan(chunk.first_run, chunk.run_count)) {
      if (run.flags == CAIRN_CTX_RUN_ZERO) area.zero_pages += run.pages;
    }
  }
  const bool packed = chunk.compression == CAIRN_CTX_LZ4 || chunk.compression == CAIRN_CTX_ZSTD;
  const bool fits = packed ? chunk.stored > 0 && chunk.stored < chunk.raw
                           : chunk.compression == CAIRN_CTX_PLAIN && chunk.stored == chunk.raw;
  if (bytes != chunk.raw || !fits || (chunk.raw == 0 && (chunk.offset != 0 || chunk.checksum != 0))) {
    damaged("its lengths do not agree");
  }
  raw_ += chunk.raw;
}

void Checker::check_chunks() {
  for (std::size_t i = 0; i < s_.chunks.size(); ++i) {
    const cairn_ctx_chunk& chunk = s_.chunks[i];
    const bool first = i == 0 || s_.chunks[i - 1].flags != chunk.flags || s_.chunks[i - 1].target != chunk.target;
    if (i > 0 && first) {
      const cairn_ctx_chunk& last = s_.chunks[i - 1];
      if (chunk.flags < last.flags || (chunk.flags == last.flags && chunk.target < last.target)) {
        s_.damaged("chunk " + std::to_string(i), "it is out of order");
      }
    }
    if (first) end_ = 0;
    check_chunk(chunk, i);
    auto& range = chunk.flags == CAIRN_CTX_CHUNK_OBJECT ? s_.object_chunks[chunk.target] : s_.area_chunks[chunk.target];
    if (first) range.first = static_cast<std::uint32_t>(i);
    range.last = static_cast<std::uint32_t>(i + 1);
  }
  if (next_run_ != s_.runs.size()) s_.damaged("runs", "some belong to no chunk");
  if (raw_ != s_.trailer.payload_raw) s_.damaged("trailer", "the size of the payload in it is wrong");
  std::uint64_t left = in_objects_ + CAIRN_CTX_HOLES_MAX;
  for (std::size_t i = 0; i < s_.objects.size(); ++i) {
    if (s_.objects[i].kind != CAIRN_CTX_OBJECT_EMBEDDED) continue;
    const std::uint64_t size = page_round_up(s_.objects[i].size);
    if (size > left) s_.damaged("object " + std::to_string(i), "its content is not complete");
    left -= size;
  }
}

// Payload fills the space between header and metadata without gaps or overlaps: no byte is unaccounted for.
void Checker::check_extents() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> extents;
  extents.reserve(s_.chunks.size());
  for (const cairn_ctx_chunk& chunk : s_.chunks) {
    if (chunk.stored > 0) extents.emplace_back(chunk.offset, page_round_up(chunk.stored));
  }
  if (!std::is_sorted(extents.begin(), extents.end())) std::sort(extents.begin(), extents.end());
  std::uint64_t at = kPage;
  for (const auto& [offset, bytes] : extents) {
    if (offset != at || bytes > s_.trailer.metadata_offset - at) s_.damaged(offset, "payload has a gap or overlaps");
    at += bytes;
  }
  if (at != s_.trailer.metadata_offset) s_.damaged(at, "the payload ends too early");
}

}  // namespace

const char* Reader::State::string_at(std::uint32_t offset) const {
  if (offset >= strings.size()) damaged("strings", "offset " + std::to_string(offset) + " is outside");
  return reinterpret_cast<const char*>(strings.data() + offset);  // the table ends with a NUL
}

void Reader::State::check_tables() { Checker(*this).run(); }

}  // namespace cairn::context
