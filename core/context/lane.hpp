// SPDX-License-Identifier: Apache-2.0
// One thread's (or forked child's) way of writing payload into a context file: gathers runs of pages into chunks,
// checksums or compresses them while the chunk before is on its way to the disk (Linux AIO on O_DIRECT targets).
//
// Made by Writer::open_lane(), which must outlive it. One thread at a time. After construction nothing here
// allocates, locks (except for turns on a stream), throws or touches stdio, so that it works in a forked child
// of a multithreaded process. Failures are kept in error(); after the first one every call is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cairn::context {

class ContentHash;

struct DataRange;
class Output;

struct LaneError {
  int number = 0;           // errno; 0: no error
  const char* doing = "";   // "writing the context file", "reading memory": a literal
  std::uint64_t where = 0;  // file offset or address
};

struct LaneStatistics {
  std::uint64_t pages = 0;  // stored, zero runs not counted
  std::uint64_t bytes = 0;  // in the file
  std::uint64_t chunks = 0, runs = 0;
  std::uint64_t writes = 0;  // of one or more chunks each
};

class Lane {
 public:
  struct State;  // core/context/lane.cpp
  explicit Lane(std::unique_ptr<State> state);
  Lane(Lane&&) noexcept;
  Lane& operator=(Lane&&) noexcept;
  ~Lane();

  // From now on memory is copied before it is written: for a forked child, whose pages the kernel would copy one by one
  // when a direct write pins them. Before the fork. Of no use with compression, which makes a copy anyway.
  void copy_memory() noexcept;

  // `pages` pages of 4 KiB at `address`, which belong to `area` (of Writer::add_area); ascending within an area.
  // The memory is read directly, and must stay as it is until flush() returns (unless it is copied).
  bool append(std::uint32_t area, std::uint64_t address, std::uint64_t pages);
  // The same, but the content is read through /proc/self/mem: areas without PROT_READ, file mappings that may be
  // shorter than the area. Pages of zeros are left out, or recorded as zero runs if `over_object`.
  bool append_unreadable(std::uint32_t area, std::uint64_t address, std::uint64_t pages, bool over_object = false);
  // Pages of zeros that hide an object's.
  bool append_zero(std::uint32_t area, std::uint64_t address, std::uint64_t pages);
  // Content of an embedded object from a file: the first `bytes` of `fd`, without large holes, the last page padded
  // with zeros. `hash` gets what has been read, which may change at any time.
  bool append_file(std::uint32_t object, int fd, std::uint64_t bytes, ContentHash& hash);

  // What follows is another chunk, though it may belong to the same area. Chunks of several areas go out in one write.
  void end_chunk() noexcept;

  // For an engine that writes chunks by itself (core/engine/kernel_dump.hpp): sends the chunks in the making; where
  // chunks go; whether they may be written as they are; counts one that was.
  bool submit() noexcept;
  Output& output() noexcept;
  bool plain_file() const noexcept;
  void count_foreign(std::uint64_t bytes, std::uint64_t runs) noexcept;

  // All that was appended is written. False if anything failed since the lane was opened.
  bool flush();

  const LaneError& error() const noexcept;
  const LaneStatistics& statistics() const noexcept;
  void throw_if_failed() const;  // ordinary code only: EnvironmentError with the file's name

 private:
  bool append_data(std::uint32_t object, int fd, const DataRange& range, ContentHash& hash);

  std::unique_ptr<State> state_;
};

}  // namespace cairn::context
