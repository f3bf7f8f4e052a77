// SPDX-License-Identifier: Apache-2.0
// The standard input of a job, in rank 0. Ordinary code, on the main thread before anything of the guest exists.
#pragma once

namespace cairn::mpi {

// If our mpirun has told of a regular file that this process can open: it is at descriptor 0 from now on, instead of
// the pipe through which Open MPI forwards it. If of anything else, a checkpoint is refused while there is input that
// the program has not read. The pipe is kept open until this process ends, whatever becomes of descriptor 0.
void take_standard_input();

}  // namespace cairn::mpi
