// SPDX-License-Identifier: Apache-2.0
// Waiting for what another member of a local window does. As a receive waits for its message: in sections that are left
// when somebody asks, with the duties of this rank done, and with the library at work, since the other may wait for a
// message of ours.
#pragma once

#include <sched.h>

#include "mpi/crcp/door.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/p2p/drain.hpp"

namespace cairn::shim {

// ready() is asked in a section, again and again; what it does when it says yes belongs to the same one. Not in a
// section. A restart may come in between. `comm` is the window's own: it has the window's name. `towards`
// comes before the peer in texts: "for".
template <class Ready>
void wait_until(const char* name, const ompi_communicator_t* comm, const char* towards, int peer,
                Ready&& ready) noexcept {
  constexpr int kLooks = 64, kBusyRounds = 16;
  for (int round = 0;; ++round) {
    const crcp::Section section;
    for (int look = 0; look < kLooks; ++look) {
      if (ready()) {
        crcp::mpi_thread().call = nullptr;
        return;
      }
      if ((crcp::attention() & crcp::kWanted) != 0 || crcp::others_wait()) break;
      __builtin_ia32_pause();
    }
    crcp::mpi_thread().call = name;
    crcp::note_frame(name, CAIRN_CALL_FRAME);  // below that of the MPI function: who looks passes over what is between
    crcp::note_awaited(comm, towards, peer, MPI_ANY_TAG);
    crcp::duties();
    p2p::progress_library();
    if (round > kBusyRounds) sched_yield();
  }
}

// What is done between two looks at something far away. Not in a section.
void look_around(const char* name, const ompi_communicator_t* comm, const char* towards, int peer) noexcept;

// What every call does now and then that neither waits nor enters the library: a program that polls with such calls,
// its own memory or that of others, may be polling for what comes of its pending messages. Not in a section.
void take_part_sometimes() noexcept;

}  // namespace cairn::shim
