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

// One chunk in the making. Its buffers are reserved with it and cost memory only once touched.
struct ChunkSlot {
  static constexpr unsigned kRuns = 1024;  // IOV_MAX too: 4 MiB of single pages fit
  cairn_ctx_run runs[kRuns];
  iovec pieces[kRuns];
  unsigned run_count = 0, piece_count = 0;
  std::uint64_t raw = 0;
  std::uint32_t target = 0, flags = 0;
  std::uint8_t* bounce = nullptr;  // CHUNK_MAX bytes: content that is not written from where it lies
  std::uint8_t* packed = nullptr;  // Compressor::room(CHUNK_MAX) bytes
  iocb request{};
  std::uint64_t offset = 0, to_write = 0;
  bool in_flight = false;

  bool empty() const { return run_count == 0; }
  bool full_of_runs() const { return run_count == kRuns; }
  bool full() const { return raw == CAIRN_CTX_CHUNK_MAX || full_of_runs(); }
  std::uint64_t room_bytes() const { return CAIRN_CTX_CHUNK_MAX - raw; }
  void clear() { run_count = piece_count = 0, raw = 0; }

  void add_run(std::uint64_t address, std::uint64_t pages, std::uint32_t run_flags) {
    if (run_count > 0) {
      cairn_ctx_run& last = runs[run_count - 1];
      if (last.flags == run_flags && last.address + std::uint64_t{last.pages} * CAIRN_CTX_PAGE == address &&
          last.pages + pages <= 0xffffffffu) {
        last.pages += static_cast<std::uint32_t>(pages);
        return;
      }
    }
    runs[run_count++] = {address, static_cast<std::uint32_t>(pages), run_flags};
  }

  void add_memory(void* memory, std::uint64_t bytes) {
    raw += bytes;
    if (piece_count > 0) {
      iovec& last = pieces[piece_count - 1];
      if (static_cast<std::uint8_t*>(last.iov_base) + last.iov_len == memory) {
        last.iov_len += bytes;
        return;
      }
    }
    pieces[piece_count++] = {memory, bytes};
  }
};

struct Lane::State {
  static constexpr unsigned kSlots = 4;

  State(Output* output, Compression compression, int level, int fd_base, bool async);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // The slot being filled, for this target and with room for one more run; null after a failure.
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
  void seal(ChunkSlot& slot, cairn_ctx_chunk& chunk) noexcept;
  bool pack(ChunkSlot& slot, cairn_ctx_chunk& chunk) noexcept;
  bool send(ChunkSlot& slot) noexcept;
  bool wait_for_one() noexcept;
};

}  // namespace cairn::context
