// SPDX-License-Identifier: Apache-2.0
// The inside of a Reader, and the steps that fill it. Nothing in it is trusted before check_tables() has run.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/reader.hpp"

namespace cairn::context {

// [first, last) of the chunk table.
struct ChunkRange {
  std::uint32_t first = 0, last = 0;
};

// A chunk, and where it goes: `base` stands for the address `origin`.
struct LoadJob {
  const cairn_ctx_chunk* chunk;
  std::uint8_t* base;
  std::uint64_t origin;
};

struct Reader::State {
  UniqueFd fd;
  UniqueFd direct_fd;  // the same file with O_DIRECT, where that works
  std::string name, directory;
  std::uint64_t length = 0;
  struct stat status {};
  cairn_ctx_header header{};
  cairn_ctx_trailer trailer{};
  std::vector<cairn_ctx_section> index;
  std::vector<std::uint8_t> metadata;  // [metadata_offset, index_offset) of the file
  std::vector<Section> sections;
  std::span<const cairn_ctx_area> area_table;
  std::span<const cairn_ctx_object> object_table;
  std::span<const cairn_ctx_chunk> chunks;
  std::span<const cairn_ctx_run> runs;
  std::span<const std::uint8_t> strings;
  std::vector<StoredArea> areas;
  std::vector<StoredObject> objects;
  std::vector<ChunkRange> area_chunks, object_chunks;

  [[noreturn]] void damaged(const std::string& place, const std::string& what) const;  // PermanentError
  [[noreturn]] void damaged(std::uint64_t offset, const std::string& what) const;
  [[noreturn]] void unreadable(std::uint64_t offset, int error) const;  // EnvironmentError
  // Exactly `bytes`, or an error.
  void read(void* to, std::uint64_t bytes, std::uint64_t offset) const;
  const char* string_at(std::uint32_t offset) const;  // checked

  void read_header();  // reader.cpp
  void read_trailer();
  void read_index();
  void read_sections();
  void check_tables();  // reader_check.cpp

  // One chunk into `packed` (room for it, page-aligned), checksum verified.
  void read_chunk(const cairn_ctx_chunk& chunk, std::uint8_t* packed,
                  bool through_cache = false) const;  // reader_load.cpp
  // reader_load.cpp. `packed` and `raw`: 4 MiB and a page each.
  void load_group(std::span<const LoadJob> jobs, std::uint8_t* packed, std::uint8_t* raw) const;
  void load_plain(std::span<const LoadJob> jobs) const;
  void load_packed(const LoadJob& job, std::uint8_t* packed, std::uint8_t* raw) const;
  void add_pieces(const LoadJob& job, std::vector<iovec>& pieces) const;
  std::vector<std::size_t> group(std::span<const LoadJob> jobs) const;
  std::string place_of(const cairn_ctx_chunk& chunk) const;
  // The content of an embedded object to a file, chunk by chunk; `to` < 0: only verified.  reader_objects.cpp
  void copy_embedded(std::uint32_t object, int to, const std::string& to_name) const;
};

inline std::uint64_t page_round_up(std::uint64_t bytes) {
  return (bytes + CAIRN_CTX_PAGE - 1) / CAIRN_CTX_PAGE * CAIRN_CTX_PAGE;
}

std::string hex_number(std::uint64_t value);

}  // namespace cairn::context
