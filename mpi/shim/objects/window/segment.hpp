// SPDX-License-Identifier: Apache-2.0
// Memory of other processes on this node: shared memory, which lies among the host's mappings so that no image has it,
// and what the kernel copies from one process to another. Guest thread pointer. Threads: whoever has the lock of
// mpi/crcp/gate.hpp, or is behind a door.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::shim {

// The same in processes that can name each other by their numbers: one kernel, one namespace of processes.
std::uint64_t node_identity();
std::int32_t own_process() noexcept;

// Shared memory; the name says what a restart does with it (mpi/abi/mpi_state.h). -1 if there is none to be had.
int make_memory(const char* name, std::size_t bytes) noexcept;
// That which another process has as its descriptor `number`, or -1.
int open_memory(std::int32_t process, int number) noexcept;
// Where the program finds its own part: in an image it is memory like any other. Null on failure.
void* map_for_program(int descriptor, std::size_t bytes) noexcept;

// A mapping among the host's. A restart has none of them: forget() then.
class HostMapping {
 public:
  HostMapping() noexcept = default;
  HostMapping(HostMapping&& other) noexcept;
  ~HostMapping() { unmap(); }
  HostMapping& operator=(const HostMapping&) = delete;
  bool map(int descriptor, std::size_t bytes) noexcept;
  void unmap() noexcept;
  void forget() noexcept { start_ = nullptr; }
  unsigned char* start() const noexcept { return start_; }

 private:
  unsigned char* start_ = nullptr;
  std::size_t bytes_ = 0;
};

// A piece of another process's memory.
struct RemotePiece {
  std::uint64_t address;
  std::size_t bytes;
};
// All pieces, one behind the other, from or to `buffer`. False if the kernel does not let us, or nothing is there.
bool read_pieces(std::int32_t process, const RemotePiece* pieces, std::size_t count, void* buffer) noexcept;
bool write_pieces(std::int32_t process, const RemotePiece* pieces, std::size_t count, const void* buffer) noexcept;

}  // namespace cairn::shim
