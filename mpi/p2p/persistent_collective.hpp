// SPDX-License-Identifier: Apache-2.0
// Persistent collectives (extension pcollreq). The real library has the operation; each start stands at the door of the
// communicator as a non-blocking collective does. In a restart those that all members still have are made again, in the
// order in which they were made: the library matches them by it.
//
// Ownership: the handle owns its recipe. Guest thread pointer; a restart's part is the callback thread's.
#pragma once

#include <memory>

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

// The call that makes one, with its arguments; what of these the program may free it holds.
class PersistentRecipe {
 public:
  PersistentRecipe() = default;
  virtual ~PersistentRecipe() = default;
  PersistentRecipe(const PersistentRecipe&) = delete;
  PersistentRecipe& operator=(const PersistentRecipe&) = delete;
  virtual int make(shim::RealInfo* hints, shim::RealRequest** made) noexcept = 0;
};

// A handle for one that has just been made. Behind the door.
MPI_Request adopt_persistent(shim::RealRequest* made, ompi_communicator_t& comm,
                             std::unique_ptr<PersistentRecipe> recipe) noexcept;

inline bool is_persistent_collective(const Request* r) noexcept {
  return !is_null(r) && r->live && r->what == What::adopted && r->persistent;
}
// Of MPI_Start. Not in a section; enters the library.
int start_collective(Request& r) noexcept;

// After a restart: the old library's are gone, those on freed communicators too.
void forget_real_persistent() noexcept;
// ... then, of one communicator; all its members call it. Crosses.
int make_persistent_again(ompi_communicator_t& comm);
// This rank has one there that can still be started, or whose start is recorded. With the lock held, or behind a door.
bool may_start_on(const ompi_communicator_t& comm) noexcept;

}  // namespace cairn::p2p
