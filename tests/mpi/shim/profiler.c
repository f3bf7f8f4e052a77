/* SPDX-License-Identifier: Apache-2.0 */
/* A tool that comes between a program and MPI by the profiling interface, and counts. Preloaded, or linked to the
 * program. */
#include <mpi.h>

int profiler_sends, profiler_sums;

int MPI_Send(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  profiler_sends++;
  return PMPI_Send(data, count, type, to, tag, comm);
}

int MPI_Allreduce(const void *from, void *to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  profiler_sums++;
  return PMPI_Allreduce(from, to, count, type, op, comm);
}
