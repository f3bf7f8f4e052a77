// SPDX-License-Identifier: Apache-2.0
// The inside of a Lane: a ring of chunk slots, one being filled, the others on their way to the disk.
#pragma once

#include <linux/aio_abi.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/context/aio.hpp"
#include "core/context/compressor.hpp"
#include "core/context/format.h"
#include "core/context/lane.hpp"
#include "core/context/output.hpp"

namespace cairn::context {

// Chunks in the making, which go to the file in one write: one large one, or many small ones of as many areas. Its
// buffers are reserved with it and cost memory only once touched.
struct ChunkSlot {
  static constexpr unsigned kRuns = 1024;  // IOV_MAX too: 4 MiB of single pages fit
  struct Pieces {
    unsigned first = 0, count = 0;
  };
  cairn_ctx_run runs[kRuns];
  iovec pieces[kRuns];
  cairn_ctx_chunk chunks[kRuns];  // first_run: in `runs`; the last may have no run yet
  Pieces pieces_of[kRuns];        // of each chunk
  unsigned run_count = 0, piece_count = 0, chunk_count = 0;
  std::uint64_t raw = 0;           // of all
  std::uint8_t* bounce = nullptr;  // CHUNK_MAX bytes: content that is not written from where it lies
  std::uint8_t* packed = nullptr;  // Compressor::room(CHUNK_MAX) bytes
  iocb request{};
  std::uint64_t offset = 0, to_write = 0;
  bool in_flight = false;
  bool chunk_ended = false;  // what follows is another one, though it has the same target

  bool empty() const { return run_count == 0; }
  bool full_of_runs() const { return run_count == kRuns; }
  bool full() const { return raw == CAIRN_CTX_CHUNK_MAX || full_of_runs(); }
  std::uint64_t room_bytes() const { return CAIRN_CTX_CHUNK_MAX - raw; }
  void clear() { run_count = piece_count = chunk_count = 0, raw = 0, chunk_ended = false; }

  // What follows belongs to this target. Not if full().
  void turn_to(std::uint32_t target, std::uint32_t flags) {
    if (chunk_count > 0) {
      cairn_ctx_chunk& last = chunks[chunk_count - 1];
      if (last.target == target && last.flags == flags && !chunk_ended) return;
      if (last.run_count == 0) --chunk_count;
    }
    chunk_ended = false;
    chunks[chunk_count] = {};
    chunks[chunk_count].target = target;
    chunks[chunk_count].flags = flags;
    chunks[chunk_count].first_run = run_count;
    pieces_of[chunk_count++] = {piece_count, 0};
  }

  void add_run(std::uint64_t address, std::uint64_t pages, std::uint32_t run_flags) {
    cairn_ctx_chunk& chunk = chunks[chunk_count - 1];
    if (chunk.run_count > 0) {
      cairn_ctx_run& last = runs[run_count - 1];
      if (last.flags == run_flags && last.address + std::uint64_t{last.pages} * CAIRN_CTX_PAGE == address &&
          last.pages + pages <= 0xffffffffu) {
        last.pages += static_cast<std::uint32_t>(pages);
        return;
      }
    }
    runs[run_count++] = {address, static_cast<std::uint32_t>(pages), run_flags};
    ++chunk.run_count;
  }

  void add_memory(void* memory, std::uint64_t bytes) {
    raw += bytes;
    chunks[chunk_count - 1].raw += static_cast<std::uint32_t>(bytes);
    Pieces& own = pieces_of[chunk_count - 1];
    if (own.count > 0) {
      iovec& last = pieces[piece_count - 1];
      if (static_cast<std::uint8_t*>(last.iov_base) + last.iov_len == memory) {
        last.iov_len += bytes;
        return;
      }
    }
    pieces[piece_count++] = {memory, bytes};
    ++own.count;
  }
};

struct Lane::State {
  static constexpr unsigned kSlots = 4;

  State(Output* output, Compression compression, int level, int fd_base, bool async);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The slot being filled, turned to this target and with room for one more run; null after a failure.
  ChunkSlot* slot_for(std::uint32_t target, std::uint32_t flags) noexcept;
  // Sends what the current slot holds and moves to the next one, waiting until that is free.
  bool submit() noexcept;
  void drain() noexcept;
  bool read_memory(std::uint64_t address, std::uint8_t* to, std::uint64_t pages) noexcept;
  bool read_file(int fd, std::uint64_t offset, std::uint8_t* to, std::uint64_t bytes) noexcept;
  bool fail(int number, const char* doing, std::uint64_t where) noexcept;
  void start_copying() noexcept;

  Output* output;
  Compression compression;
  Compressor compressor;
  int fd_base;
  bool async;
  bool copying = false;
  Aio aio;
  LaneError error;
  LaneStatistics statistics;
  ChunkSlot* slots = nullptr;  // mapped, kSlots of them, their buffers behind
  std::size_t mapped = 0;
  unsigned current = 0, in_flight = 0;
  UniqueFd memory_fd;    // /proc/self/mem
  int memory_owner = 0;  // pid that opened it: a child's memory is not its parent's

 private:
  void seal(ChunkSlot& slot) noexcept;
  bool pack(ChunkSlot& slot, unsigned chunk, std::uint8_t* bounce, std::uint8_t* packed) noexcept;
  bool send(ChunkSlot& slot) noexcept;
  bool wait_for_one() noexcept;
};

}  // namespace cairn::context
