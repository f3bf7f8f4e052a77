// SPDX-License-Identifier: Apache-2.0
// Bytes in the part of a member of a near window, for puts, gets and accumulates alike. In a section.
#pragma once

#include "mpi/shim/objects/window/layout.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/objects/window/waiting.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

// One side of an operation, as it was called.
struct Buffer {
  const void* start;
  int count;
  MPI_Datatype type;
};

// Where an operation goes.
struct Target {
  int rank;
  MPI_Aint displacement;
  int count;
  MPI_Datatype type;
};

// What one of a datatype touches, [low, high), and how far the next one is.
struct Reach {
  MPI_Aint low, high, extent;
};
// Of `count` of them; false if they reach farther than there is memory.
bool reach_of_all(const Reach& one, int count, MPI_Aint& low, MPI_Aint& high) noexcept;
bool is_within(const WindowMember& member, const Target& target, const Reach& reach) noexcept;

// The bytes that a target stands for: copied in the order of its datatype's map.
class Place {
 public:
  // MPI_SUCCESS, or what is wrong with it.
  int find(const LocalWindow& window, const Target& target);
  std::size_t bytes() const noexcept { return layout_->size * static_cast<std::size_t>(count_); }
  bool overlaps() const noexcept { return layout_->overlaps; }
  int read(void* packed) const;
  int write(const void* packed) const;

 private:
  bool is_allowed(const LocalWindow& window, const Target& target) const noexcept;
  template <class Copy>
  bool copy_pieces(Copy&& copy) const;

  const Layout* layout_ = nullptr;
  int count_ = 0;
  std::int32_t process_ = -1;  // < 0: this process sees it
  std::uint64_t address_ = 0;  // of the datatype's origin
};

// What the real library's functions would find wrong before they look at the window.
int check_target(const LocalWindow& window, const Target& target) noexcept;
int check_buffer(const Buffer& buffer) noexcept;

int check_accumulate(const Buffer& origin, const Buffer* result, MPI_Op op) noexcept;

// Behind an operation of a near window: the request of the call that makes one, if it does, is complete. Gives `rc`.
int with_request(int rc, MPI_Request* request) noexcept;

// Begins an operation: MPI_SUCCESS if an epoch reaches the target, for which it may wait. Not in a section.
int access(LocalWindow& window, int target) noexcept;

// Until the target's process goes on after a checkpoint. Not in a section.
void await_standing(const LocalWindow& window, int target) noexcept;

// operation(place) in a section, within an epoch that reaches the target; not for MPI_PROC_NULL. An MPI error code, or
// kMoved.
template <class Operation>
int operate(LocalWindow& window, const Target& target, Operation&& operation) {
  int rc = check_target(window, target);
  if (rc != MPI_SUCCESS || target.rank == MPI_PROC_NULL) return rc;
  rc = access(window, target.rank);
  if (rc != MPI_SUCCESS) return rc;
  take_part_sometimes();
  for (;; await_standing(window, target.rank)) {
    const crcp::Section section;
    if (window.is_far()) return kMoved;
    if (window.is_standing(target.rank)) continue;
    Place place;
    rc = place.find(window, target);
    return rc == MPI_SUCCESS ? operation(place) : rc;
  }
}

}  // namespace cairn::shim
