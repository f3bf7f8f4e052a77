// SPDX-License-Identifier: Apache-2.0
// Writes one context file (format.h). The life of a Writer:
//
//   auto writer = Writer::create(options);     // temporary file; header written
//   writer->add_section(CAIRN_CTX_PROCESS, 1, bytes);            // any number, any time before finish()
//   auto area = writer->add_area(area, object);                  // before its pages are written
//   Lane lane = writer->open_lane();  lane.append(area, address, pages);  lane.flush();   // core/context/lane.hpp
//   WriterResult result = writer->finish();    // metadata, index, trailer, fsync, rename to the final name
//
// Ownership: owns the temporary file and its descriptors; the destructor abandons what was not finished.
// Threads: add_*() and finish() from one thread at a time; each Lane belongs to one thread, several lanes may
// work at once. Processes: a lane opened before fork() may be used in the child (it allocates nothing and throws
// nothing); what it wrote is in tables shared with the parent, which calls finish() when the child is done.
// Errors: cairn::Error. After one, the file is worthless: abandon().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/area.hpp"
#include "core/context/compressor.hpp"
#include "core/context/format.h"
#include "core/context/lane.hpp"

namespace cairn::context {

class Output;
class ObjectCache;  // core/context/object_store.hpp

struct WriterOptions {
  std::string path;  // file to create; must not exist (EnvironmentError), nothing is overwritten
  int fd = -1;       // or an open file or pipe, not owned, written from its current position
  Compression compression = Compression::none;
  int level = 1;                                                        // zstd only
  enum class Direct { automatic, yes, no } direct = Direct::automatic;  // O_DIRECT
  bool sync = true;                                                     // fsync in finish()
  std::string object_directory;             // where whole files are stored once per snapshot; empty: in the file itself
  bool by_reference = false;                // executables and libraries by identity only
  std::uint64_t object_limit = 1ULL << 30;  // files larger than this are by reference in any case (bytes)
  ObjectCache* cache = nullptr;             // remembers hashes from one checkpoint to the next; not owned
  int fd_base = 0;                          // descriptors of the writer are at or above this number
  std::uint32_t pid = 0;                    // 0: getpid()
  std::string program;                      // the guest's executable
  std::string writer = "cairn";             // who writes, for cr_info
  std::uint64_t arena_top = 0x300000000000ULL;
};

// Plain data: can be passed through shared memory.
struct WriterResult {
  std::uint64_t bytes = 0;           // length of the file
  std::uint64_t checksum = 0;        // of its index: as in the trailer
  std::uint64_t payload_raw = 0;     // memory in it
  std::uint64_t payload_stored = 0;  // what that takes in the file
};

// Which object shows through where an area has no chunk.
struct ObjectPlace {
  std::uint32_t object = CAIRN_CTX_NONE;
  std::uint64_t offset = 0;  // of the area's start in the object, page-aligned
};

class Writer {
 public:
  // Throws EnvironmentError (path exists, no directory, no permission).
  static std::unique_ptr<Writer> create(const WriterOptions& options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Opaque state, `type` < 256. The bytes are kept until finish().
  void add_section(std::uint32_t type, std::uint32_t version, std::vector<std::uint8_t> bytes, bool optional = false);

  // The file behind a private mapping as an object: found by identity, hashed and stored once (docs/
  // context-format.md), whatever the number of areas and processes that use it. Returns NONE in `object` if the file
  // cannot be had any more (deleted, replaced, unreadable): the area's pages must then all be written.
  ObjectPlace add_object_of(const Area& area);
  // A file as an object of its own, whose content is stored before this returns, however long the file: by number.
  std::uint32_t store_file(UniqueFd fd, const std::string& path);
  // Stores the contents of the objects added so far; ordinary code, may take long, may be called while the guest
  // runs. finish() calls it for what is left.
  void store_objects();

  // Returns the index by which lanes name the area. Areas may come in any order; finish() sorts them. Overlapping,
  // unaligned or out-of-arena areas: PermanentError. With `content` false the area's pages are not in the file.
  std::uint32_t add_area(const Area& area, const ObjectPlace& place = {}, bool content = true);

  // Buffers, and the means to write while computing. Throws EnvironmentError (no memory). `async`: with Linux AIO,
  // whose ring the kernel maps between the lane's first write and flush() at an address of its own choice (in the
  // arena, that is): not while the guest runs in this process.
  Lane open_lane(bool async = true);

  // Not after a lane has failed. Waits for nothing: lanes must have been flushed.
  WriterResult finish();
  // Removes the temporary file, and closes. Does not throw. Nothing happens after finish().
  void abandon() noexcept;

  const std::string& path() const noexcept;  // final name, or "descriptor 5"
  bool direct() const noexcept;              // whether the target takes O_DIRECT
  bool is_stream() const noexcept;           // a pipe or the like: lanes take turns
  // Of what is written to a pipe: nobody is waited for any more. From any thread.
  void give_up() noexcept;
  std::uint64_t bytes_so_far() const noexcept;  // also from other processes' lanes
  const WriterOptions& options() const noexcept;
  Output& output() noexcept;  // for engines
  // What a forked child needs to write with a lane; it may close all others.
  std::vector<int> descriptors() const;

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cairn::context
