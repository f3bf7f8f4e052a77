// SPDX-License-Identifier: Apache-2.0
#include "core/context/writer.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <utility>

#include "core/base/error.hpp"
#include "core/context/data_ranges.hpp"
#include "core/context/lane_state.hpp"
#include "core/context/machine.hpp"
#include "core/context/metadata.hpp"
#include "core/context/object_store.hpp"
#include "core/context/target_file.hpp"

namespace cairn::context {

struct Writer::State {
  explicit State(const WriterOptions& o) : options(o) {}

  WriterOptions options;
  TargetFile file;
  std::unique_ptr<Output> output;
  cairn_ctx_header header{};
  std::vector<PendingSection> sections;
  std::vector<PendingArea> areas;
  std::vector<PendingObject> objects;
  std::vector<UniqueFd> object_files;                                          // of objects; closed once stored
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> object_of;  // by device and inode of the area
  std::uint64_t in_holes = 0;                                                  // of what is stored
  std::string object_prefix;  // "objects/": from the context file to the object directory

  void fill_header();
  std::uint32_t add_object(UniqueFd fd, const std::string& path, const FileIdentity& identity, bool by_reference);
  void store(std::size_t i, Lane* lane, ObjectCache* cache);
};

namespace {

void copy_text(char* field, std::size_t size, const std::string& text) {
  std::memcpy(field, text.data(), std::min(text.size(), size - 1));
}

// The way from the context file to its objects: relative, so that a snapshot can be moved.
std::string relative_prefix(const WriterOptions& options) {
  namespace fs = std::filesystem;
  if (options.object_directory.empty()) return {};
  if (options.path.empty()) throw ArgumentError("an object directory needs a context file with a name");
  std::error_code ignored;
  const fs::path file = fs::weakly_canonical(fs::absolute(options.path).parent_path(), ignored);
  const fs::path objects = fs::weakly_canonical(fs::absolute(options.object_directory), ignored);
  return (objects.lexically_relative(file) / "").string();
}

}  // namespace

void Writer::State::fill_header() {
  describe_machine(header);
  header.flags = (options.compression != Compression::none ? CAIRN_CTX_COMPRESSED : 0) |
                 (options.by_reference ? CAIRN_CTX_BY_REFERENCE : 0) |
                 (!options.object_directory.empty() ? CAIRN_CTX_EXTERNAL_OBJECTS : 0);
  header.arena_top = options.arena_top;
  header.pid = options.pid != 0 ? options.pid : static_cast<std::uint32_t>(getpid());
  copy_text(header.program, sizeof header.program, options.program);
  copy_text(header.writer, sizeof header.writer, options.writer);
}

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::~Writer() { abandon(); }

std::unique_ptr<Writer> Writer::create(const WriterOptions& options) {
  auto state = std::make_unique<State>(options);
  state->object_prefix = relative_prefix(options);
  if (options.path.empty()) {
    if (options.fd < 0) throw ArgumentError("a context file needs a name or a descriptor");
    state->output = std::make_unique<Output>(options.fd, true, false, options.fd_base,
                                             "/proc/self/fd/" + std::to_string(options.fd));
  } else {
    const bool direct = state->file.create(options.path, options.direct, options.fd_base);
    state->output =
        std::make_unique<Output>(state->file.fd(), state->file.is_stream(), direct, options.fd_base, options.path);
  }
  state->fill_header();
  auto writer = std::unique_ptr<Writer>(new Writer(std::move(state)));
  write_header(*writer->state_->output, writer->state_->header);
  return writer;
}

void Writer::add_section(std::uint32_t type, std::uint32_t version, std::vector<std::uint8_t> bytes, bool optional) {
  if (type == 0 || type >= CAIRN_CTX_AREAS) {
    throw ArgumentError("section type " + std::to_string(type) + " is not for callers to write");
  }
  state_->sections.push_back({type, version, optional ? CAIRN_CTX_SECTION_OPTIONAL : 0, std::move(bytes)});
}

ObjectPlace Writer::add_object_of(const Area& area) {
  State& s = *state_;
  const auto key = std::make_pair(area.device, area.inode);
  const auto known = s.object_of.find(key);
  if (known != s.object_of.end()) return {known->second, known->second == CAIRN_CTX_NONE ? 0 : area.file_offset};
  UniqueFd fd = open_mapped_file(area);
  if (!fd) {
    s.object_of[key] = CAIRN_CTX_NONE;
    return {};
  }
  fd = move_high(std::move(fd), s.options.fd_base);
  const FileIdentity identity = identify(fd.get(), area.path);
  const bool reference = s.options.by_reference || identity.size > s.options.object_limit;
  const std::uint32_t index = s.add_object(std::move(fd), area.path, identity, reference);
  s.object_of[key] = index;
  return {index, area.file_offset};
}

std::uint32_t Writer::State::add_object(UniqueFd fd, const std::string& path, const FileIdentity& identity,
                                        bool by_reference) {
  PendingObject object;
  object.path = path;
  cairn_ctx_object& r = object.record;
  r.kind = by_reference                       ? CAIRN_CTX_OBJECT_REFERENCE
           : options.object_directory.empty() ? CAIRN_CTX_OBJECT_EMBEDDED
                                              : CAIRN_CTX_OBJECT_EXTERNAL;
  r.size = identity.size, r.device = identity.device, r.inode = identity.inode, r.mtime_ns = identity.mtime_ns;
  objects.push_back(std::move(object));
  object_files.push_back(std::move(fd));
  return static_cast<std::uint32_t>(objects.size() - 1);
}

std::uint32_t Writer::store_file(UniqueFd fd, const std::string& path) {
  State& s = *state_;
  fd = move_high(std::move(fd), s.options.fd_base);
  const FileIdentity identity = identify(fd.get(), path);
  const std::uint32_t index = s.add_object(std::move(fd), path, identity, false);
  s.object_of[{identity.device, identity.inode}] = index;  // of its mappings, too, which may show other content later
  Lane lane = open_lane(false);
  s.store(index, &lane, nullptr);  // stores through a mapping change no time of it
  lane.flush();
  lane.throw_if_failed();
  return index;
}

void Writer::State::store(std::size_t i, Lane* lane, ObjectCache* cache) {
  const UniqueFd fd = std::move(object_files[i]);
  PendingObject& object = objects[i];
  const auto id = build_id(fd.get());
  object.record.build_id_size = static_cast<cairn_u32>(id.size());
  std::copy(id.begin(), id.end(), std::begin(object.record.build_id));
  const FileIdentity identity = identify(fd.get(), object.path);
  object.record.size = identity.size, object.record.mtime_ns = identity.mtime_ns;
  if (object.record.kind != CAIRN_CTX_OBJECT_REFERENCE) in_holes += DataRanges(fd.get(), identity.size).in_holes();
  if (in_holes > CAIRN_CTX_HOLES_MAX) throw PermanentError(object.path + " has holes of more than 64 GiB");
  std::optional<ObjectHash> hash;
  if (cache != nullptr) hash = cache->find(identity);
  if (object.record.kind == CAIRN_CTX_OBJECT_EXTERNAL) {
    hash = store_object(fd.get(), identity.size, object.path, options.object_directory, hash, cache);
    object.location = object_prefix + to_hex(hash->data(), hash->size());
  } else if (object.record.kind == CAIRN_CTX_OBJECT_EMBEDDED) {
    ContentHash content;
    lane->append_file(static_cast<std::uint32_t>(i), fd.get(), identity.size, content);
    lane->throw_if_failed();
    hash = content.value();
    if (identify(fd.get(), object.path) != identity) {
      throw TemporaryError(object.path + " changed while it was being saved");
    }
  }
  if (!hash) return;
  std::memcpy(object.record.hash, hash->data(), hash->size());
  if (cache != nullptr) cache->remember(identity, *hash);
}

void Writer::store_objects() {
  State& s = *state_;
  std::unique_ptr<Lane> lane;
  for (std::size_t i = 0; i < s.objects.size(); ++i) {
    if (!s.object_files[i]) continue;
    if (!lane && s.objects[i].record.kind == CAIRN_CTX_OBJECT_EMBEDDED) lane = std::make_unique<Lane>(open_lane(false));
    s.store(i, lane.get(), s.options.cache);
  }
  if (!lane) return;
  lane->flush();
  lane->throw_if_failed();
}

std::uint32_t Writer::add_area(const Area& area, const ObjectPlace& place, bool content) {
  State& s = *state_;
  if (area.start >= area.end || area.start % CAIRN_CTX_PAGE != 0 || area.end % CAIRN_CTX_PAGE != 0 ||
      area.end > s.options.arena_top) {
    throw PermanentError("the area " + std::to_string(area.start) + " to " + std::to_string(area.end) +
                         " is not within the arena, or not of whole pages");
  }
  s.areas.push_back({area, place, content});
  return static_cast<std::uint32_t>(s.areas.size() - 1);
}

Lane Writer::open_lane(bool async) {
  const WriterOptions& o = state_->options;
  return Lane(std::make_unique<Lane::State>(state_->output.get(), o.compression, o.level, o.fd_base, async));
}

WriterResult Writer::finish() {
  State& s = *state_;
  if (!s.output) throw ArgumentError("the context file was finished or abandoned before");
  store_objects();
  auto tables = build_tables(s.areas, s.objects, s.output->chunks(), s.output->runs());
  std::vector<PendingSection> sections = std::move(s.sections);
  for (auto& table : tables) sections.push_back(std::move(table));
  const cairn_ctx_trailer trailer = write_metadata(*s.output, sections, s.header.checksum);
  WriterResult result{trailer.length, trailer.index_checksum, trailer.payload_raw, s.output->payload_stored()};
  s.file.commit(trailer.length, s.options.sync);
  s.output.reset();
  return result;
}

void Writer::abandon() noexcept {
  state_->output.reset();
  state_->file.discard();
}

const std::string& Writer::path() const noexcept { return state_->options.path; }
bool Writer::direct() const noexcept { return state_->output && state_->output->direct(); }
bool Writer::is_stream() const noexcept { return state_->output && state_->output->stream(); }
void Writer::give_up() noexcept {
  if (state_->output) state_->output->give_up();
}

std::uint64_t Writer::bytes_so_far() const noexcept { return state_->output ? state_->output->end() : 0; }
std::vector<int> Writer::descriptors() const { return state_->output->descriptors(); }
Output& Writer::output() noexcept { return *state_->output; }

const WriterOptions& Writer::options() const noexcept { return state_->options; }

}  // namespace cairn::context
