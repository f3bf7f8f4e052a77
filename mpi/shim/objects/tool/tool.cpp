// SPDX-License-Identifier: Apache-2.0
// The tools interface: when it is in use. Its handles are the real library's, whose variables have other places and
// perhaps other numbers after a restart; so a checkpoint is refused until it is finalized.
#include <atomic>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {
std::atomic<int> sessions{0};
}

std::size_t tool_obstacle(char* text, std::size_t capacity) {
  if (sessions.load(std::memory_order_relaxed) == 0) return 0;
  return describe_obstacle(text, capacity, "a session of the tools interface", "", "MPI_T_init_thread");
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

// Errors of the tools interface have no handler.
int PMPI_T_init_thread(int required, int* provided) {
  const crcp::Section section;
  const int rc = cross(real.T_init_thread, required, provided);
  if (rc == MPI_SUCCESS) sessions.fetch_add(1, std::memory_order_relaxed);
  return rc;
}
CAIRN_MPI_WEAK(MPI_T_init_thread);

int PMPI_T_finalize(void) {
  const crcp::Section section;
  const int rc = cross(real.T_finalize);
  if (rc == MPI_SUCCESS) sessions.fetch_sub(1, std::memory_order_relaxed);
  return rc;
}
CAIRN_MPI_WEAK(MPI_T_finalize);
