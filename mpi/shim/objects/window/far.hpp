// SPDX-License-Identifier: Apache-2.0
// Operations on far windows (local_window.hpp): the real library's, within an epoch of the program and inside the
// target's part. MPI error codes, or kMoved. `request`: null, or that of a call which makes one. Not in a section.
#pragma once

#include "mpi/shim/objects/window/transfer.hpp"

namespace cairn::shim::far {

int put(MPI_Win win, const Buffer& origin, const Target& target, MPI_Request* request);
int get(MPI_Win win, const Buffer& origin, const Target& target, MPI_Request* request);
// `result`: null, or where what was there goes.
int accumulate(MPI_Win win, const Buffer& origin, const Buffer* result, const Target& target, MPI_Op op,
               MPI_Request* request);
int fetch_and_op(MPI_Win win, const Buffer& origin, const Buffer& result, const Target& target, MPI_Op op);
int compare_and_swap(MPI_Win win, const void* origin, const void* compare, void* result, const Target& target);

}  // namespace cairn::shim::far
