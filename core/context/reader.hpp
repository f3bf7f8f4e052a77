// SPDX-License-Identifier: Apache-2.0
// Reads one context file (format.h), which may be hostile: open() checks everything that is not payload before
// anyone sees it, load() checks payload as it goes. Nothing in a file makes a Reader write outside the destination
// it was given, allocate more than the file is long, or open a file other than by the names object_path() shows.
//
// Threads: const methods may be called from several threads at once. Errors: PermanentError for a damaged,
// truncated or foreign file, EnvironmentError for one that cannot be read; each names the file and the place.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/area.hpp"
#include "core/context/format.h"

namespace cairn::context {

struct Section {
  std::uint32_t type = 0, version = 0;
  bool optional = false;
  std::uint64_t offset = 0;             // in the file
  std::span<const std::uint8_t> bytes;  // owned by the Reader
};

struct StoredArea {
  Area area;
  bool content = true;                    // false: the file says nothing about the pages
  std::uint32_t object = CAIRN_CTX_NONE;  // shows through where no chunk covers
  std::uint64_t object_offset = 0;        // of area.start
  std::uint64_t stored_pages = 0;         // with content in the file
  std::uint64_t zero_pages = 0;           // explicit zeros over an object
};

struct StoredObject {
  std::uint32_t kind = CAIRN_CTX_OBJECT_REFERENCE;
  std::uint64_t size = 0, device = 0, inode = 0;
  std::int64_t mtime_ns = 0;
  std::string path;      // where the file was
  std::string location;  // external: relative to the context file's directory
  std::string hash;      // 32 hex digits, empty if unknown
  std::string build_id;  // hex, empty if it has none
};

// What has become of an object's original file.
enum class Original { identical, changed, missing };

struct LoadTarget {
  std::uint32_t area = 0;       // index in areas()
  void* destination = nullptr;  // writable memory of the area's size: usually the area itself, mapped
};

// The file itself; a pipe's or FIFO's content in an unlinked temporary file (TMPDIR). Nobody is waited for: a FIFO that
// nobody writes to is empty, and a device is refused. "-" is standard input. Throws.
UniqueFd open_image(const std::string& path);

class VerifiedCopies;  // core/context/verified_copies.hpp

class Reader {
 public:
  // `path` as for open_image().
  static Reader open(const std::string& path);
  // Takes ownership; `name` is for messages. Objects are looked for relative to `directory`.
  static Reader open(UniqueFd fd, const std::string& name, const std::string& directory);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  const std::string& name() const noexcept;
  const struct stat& status() const noexcept;       // of the file when it was opened
  const cairn_ctx_header& header() const noexcept;  // strings are NUL-terminated
  const cairn_ctx_trailer& trailer() const noexcept;
  // In file order. The first of that type, or nothing.
  const std::vector<Section>& sections() const noexcept;
  std::optional<Section> section(std::uint32_t type) const;

  // Sorted by address, no overlap, all below header().arena_top and CAIRN_ARENA_TOP.
  const std::vector<StoredArea>& areas() const noexcept;
  std::span<const cairn_ctx_chunk> chunks() const noexcept;
  std::span<const cairn_ctx_run> runs() const noexcept;

  // Reads what the file holds of the areas into the destinations, which must be fresh: zero, or the object's pages
  // where the area has an object (map it with MAP_PRIVATE, or use load_object()). Explicit zero runs are written.
  // Every chunk's checksum is verified; on an error the destinations' contents are undefined.
  void load(std::span<const LoadTarget> targets, unsigned threads = 1) const;

  const std::vector<StoredObject>& objects() const noexcept;
  // The file of an external object, "" for the others. Only names inside the context file's directory.
  std::string object_path(std::uint32_t object) const;
  // Is the original still there, and the same? By identity (size, mtime, device and inode); when that differs,
  // by hash (whole file read), or by build-id and size where no hash is known.
  Original original(std::uint32_t object) const;
  // Descriptor of the content, to be mapped or read, and verified: the original if it is identical (and
  // `prefer_original`), the external file, or a sealed memfd of an embedded one. Throws EnvironmentError if a
  // REFERENCE's original is missing or changed.
  UniqueFd open_object(std::uint32_t object, bool prefer_original = true) const;

  // The stored content of an object as the whole content of a file; `to` < 0: is only verified. Throws PermanentError,
  // perhaps after it has written some of it.
  void copy_object(std::uint32_t object, int to, const std::string& name) const;

  // Every chunk and every object with content, and the padding. `fill_cache`: what was read stays in the page cache,
  // from where load() will take it. `copies`: those that other files refer to as well.
  void verify_all(unsigned threads = 1, bool fill_cache = false, VerifiedCopies* copies = nullptr) const;

  struct State;  // core/context/reader_state.hpp

 private:
  void verify_copy(std::uint32_t object, VerifiedCopies& copies) const;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::context
