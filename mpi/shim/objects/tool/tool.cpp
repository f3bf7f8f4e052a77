// SPDX-License-Identifier: Apache-2.0
// The beginning and end of the tools interface, and its way over a checkpoint.
#include "mpi/shim/objects/tool/tool.hpp"

#include <algorithm>

#include "core/abi/host_table.h"
#include "mpi/crcp/lifecycle.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/start.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace tool {

Tools::Tools()
    : cvars({cvar_count, cvar_name}), pvars({pvar_count, pvar_name}), categories({category_count, category_name}) {}

// Outlives the program's exit handlers, which may call the tools interface.
Tools& tools() noexcept {
  static Tools& the_tools = *new Tools;
  return the_tools;
}

void forget_handles() noexcept {
  for (ompi_mpit_cvar_handle_t* handle : tools().cvar_handles) handle->real = nullptr;
  for (mca_base_pvar_handle_t* handle : tools().pvar_handles) handle->real = nullptr;
  for (mca_base_pvar_session_t* session : tools().sessions) session->real = nullptr;
}

namespace {

bool between_init_and_finalize() noexcept { return crcp::init_state() == crcp::InitState::initialized; }

void renumber(Tools& t) {
  t.cvars.renumber();
  t.pvars.renumber();
  t.categories.renumber();
}

void step_stamp(Tools& t) noexcept {
  int now = 0;
  if (cross(real.T_category_changed, &now) == MPI_SUCCESS) t.stamp_ahead = std::max(0, t.last_stamp + 1 - now);
}

// What a program has set stays set when it has left the tools interface, as long as there is MPI.
int make_again(Tools& t) {
  forget_handles();
  t.library = CAIRN_TABLE->generation;
  const int times = t.begun == 0 && !t.written.empty() ? 1 : t.begun;
  for (int i = 0; i < times; ++i) {
    int provided = 0;
    if (const int rc = cross(real.T_init_thread, MPI_THREAD_MULTIPLE, &provided); rc != MPI_SUCCESS) return rc;
  }
  if (times == 0) return MPI_SUCCESS;
  renumber(t);
  step_stamp(t);
  make_cvars_again();
  const int rc = make_pvars_again();
  if (t.begun == 0) cross(real.T_finalize);
  return rc;
}

}  // namespace

void follow_restart(Tools& t) noexcept {
  if (between_init_and_finalize() || t.library == CAIRN_TABLE->generation) return;
  start();
  make_again(t);
}

}  // namespace tool

void tool_park() noexcept {
  tool::Tools& t = tool::tools();
  t.lock.lock();
  t.parked = true;
  if (t.begun > 0) tool::note_written();
}

void tool_unpark() noexcept {
  tool::Tools& t = tool::tools();
  if (!t.parked) return;
  t.parked = false;
  t.lock.unlock();
}

int tool_rebuild() {
  const int rc = tool::make_again(tool::tools());
  tool_unpark();
  return rc;
}

}  // namespace cairn::shim

using namespace cairn::shim;

int PMPI_T_init_thread(int required, int* provided) {
  tool::Tools& t = tool::tools();
  t.lock.lock();
  tool::follow_restart(t);
  const int rc = cross(real.T_init_thread, required, provided);
  if (rc == MPI_SUCCESS && t.begun++ == 0) tool::renumber(t);
  t.lock.unlock();
  return rc;
}
CAIRN_MPI_WEAK(MPI_T_init_thread);

int PMPI_T_finalize(void) {
  return tool::call([](tool::Tools& t) {
    const int rc = cross(real.T_finalize);
    if (rc != MPI_SUCCESS || --t.begun > 0 || tool::between_init_and_finalize()) return rc;
    tool::forget_handles();
    t.written.clear();
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_finalize);
