// SPDX-License-Identifier: Apache-2.0
// Generalized requests: the program completes them itself, so the real library knows nothing of them and nothing is to
// be made again in a restart. Its functions are called without the lock, by the thread that waits, tests, cancels or
// frees: they may call MPI.
//
// Ownership: the handle goes when the program has said both that the operation is complete and that it needs the handle
// no more (by a wait, a test or MPI_Request_free), whichever comes last; its free function is called then.
#pragma once

#include "mpi/p2p/request.hpp"

namespace cairn::p2p {

inline bool is_generalized(const Request& r) noexcept { return r.what == What::generalized; }

// In a section. Whether the program has completed it by now: then its state is State::complete.
bool generalized_look(Request& r) noexcept;
// Has the program's function fill in the status, and takes the error from there.
void generalized_ask(Request& r) noexcept;
int generalized_cancel(Request& r) noexcept;
// The program needs the handle no more.
void generalized_release(Request& r) noexcept;

}  // namespace cairn::p2p
