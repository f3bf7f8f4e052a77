// SPDX-License-Identifier: Apache-2.0
// A window of the shim's: the epochs are states in the guest's memory, and locks, posts and completions words that the
// members change (control.hpp).
// Near: its members are all on one node, and it does without the real library. Every operation is done when its call
// returns: the bytes are copied by the kernel, or by this process where the memory is shared (MPI_Win_allocate).
// Far: they are on several nodes, or may not reach each other's memory. Operations are those of the real library
// (real_side.hpp), and done when they have been flushed.
// What it is a restart decides anew: a call that waited at the gate looks again when it is in (kMoved).
//
// Like a file it has a communicator of its own, at whose door its collective calls stand.
// Ownership: from its creation to MPI_Win_free. Threads: an epoch is the process's, whichever thread has begun it;
// several may use it, and lock different targets, at a time. It is changed in sections.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "mpi/shim/handle.hpp"
#include "mpi/shim/objects/window/control.hpp"
#include "mpi/shim/objects/window/epoch.hpp"
#include "mpi/shim/objects/window/real_side.hpp"

namespace cairn::shim {

// What a window is made of.
struct WindowShape {
  int flavor;
  void* base;  // null: memory of ours
  MPI_Aint bytes;
  int unit;
};

struct WindowMember {
  std::int32_t process;
  std::int32_t unit;
  std::uint64_t base;  // in its process
  MPI_Aint bytes;
  HostMapping shared;             // its memory, if it is the shim's, and not mapped for the program
  unsigned char* seen = nullptr;  // where this process sees it; null: through the kernel only
};

// Memory of a dynamic window.
struct Attached {
  void* start;
  MPI_Aint bytes;
};

class LocalWindow {
 public:
  LocalWindow(ompi_communicator_t* own, const WindowShape& shape, const ompi_info_t* hints);
  ~LocalWindow();
  LocalWindow(const LocalWindow&) = delete;
  LocalWindow& operator=(const LocalWindow&) = delete;

  // Collective, behind the door: meets the other members, for the first time or, with what was saved, in a restart.
  // Null, or why this cannot be a window of the shim's: the same for all members.
  const char* connect();
  // The same: the library has nothing of it any more.
  int disconnect();
  void save();
  // Until this rank goes on nobody may change its memory, which is being written to its image: the others come back
  // from a cut when they can.
  void set_standing(bool standing) noexcept { control.of(rank).standing.store(standing ? 1 : 0); }
  bool is_standing(int member) const noexcept { return control.of(member).standing.load() != 0; }
  // In a restart: the shared mappings are those of a process that is gone.
  void forget_mappings() noexcept;

  // The program may use the memory of all members.
  bool is_common() const noexcept { return shape.flavor == MPI_WIN_FLAVOR_SHARED && size > 1; }
  bool is_far() const noexcept { return real_side_ != nullptr; }
  RealSide& real_side() const noexcept { return *real_side_; }

  ompi_communicator_t* const comm;
  const int rank, size;
  WindowShape shape;
  ompi_info_t* info;
  std::vector<Attached> attached;
  std::vector<WindowMember> members;
  Control control;
  Epoch epoch;

 private:
  struct Greeting;
  bool allocate();
  Greeting greeting();
  const char* connect_near(const std::vector<Greeting>& all);
  const char* connect_far(const std::vector<Greeting>& all, const char* why);
  bool is_done_by_all(bool done);
  bool attach(const std::vector<Greeting>& all);
  bool share(const std::vector<Greeting>& all);
  bool reaches(const std::vector<Greeting>& all) const;
  bool is_ours() const noexcept;  // the memory
  bool has_shared_memory() const noexcept;

  UniqueFd control_descriptor_, memory_descriptor_;  // while the members meet
  std::uint64_t secret_ = 0;
  unsigned char* mapped_ = nullptr;  // our memory
  std::size_t mapped_bytes_ = 0;
  std::vector<unsigned char> saved_;
  std::unique_ptr<RealSide> real_side_;  // null: near
};

// In place of an error code: a call found the window to be of the other kind, near or far, and is to begin anew.
inline constexpr int kMoved = -1;

// far() or near(), as the window is by now.
template <class Far, class Near>
int as_it_is(const LocalWindow& window, Far&& far, Near&& near) {
  int rc;
  do rc = window.is_far() ? far() : near();
  while (rc == kMoved);
  return rc;
}

inline bool is_local(const ompi_win_t* win) noexcept { return win != nullptr && win->live && win->local != nullptr; }

}  // namespace cairn::shim
