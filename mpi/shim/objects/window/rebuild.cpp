// SPDX-License-Identifier: Apache-2.0
// Windows at a cut and after a restart, and those that keep the job from being checkpointed. The members of local ones
// meet again, in the order in which the communicators are made: so there is always one that can be made
// (communicator/rebuild.cpp).
#include <algorithm>
#include <cstdio>
#include <vector>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/objects/window/common.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

bool window_has_common_memory() noexcept {
  for (const ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr && win->local->is_common()) return true;
  return false;
}

bool window_may_have_common_memory() noexcept {
  return MakesCommonMemory::at_work.load(std::memory_order_relaxed) != 0 || window_has_common_memory();
}

void window_rebind() noexcept {
  store<ompi_win_t>().pool.rebind(real_objects.win_null);
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr) win->real = real_objects.win_null;
}

void window_park() noexcept {
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr) {
      win->local->save();
      win->local->set_standing(true);
    }
}

void window_unpark() noexcept {
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr) win->local->set_standing(false);
}

int window_rebuild() {
  std::vector<LocalWindow*> all;
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr) all.push_back(win->local);
  std::sort(all.begin(), all.end(),
            [](const LocalWindow* a, const LocalWindow* b) { return a->comm->identity < b->comm->identity; });
  for (LocalWindow* window : all) {
    window->forget_mappings();
    if (window->connect() != nullptr) return MPI_ERR_RMA_SHARED;
  }
  return MPI_SUCCESS;
}

std::size_t window_obstacle(char* text, std::size_t capacity) {
  for (const ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next) {
    if (win->local != nullptr) continue;
    char what[128];
    std::snprintf(what, sizeof what, "a window%s%s", win->why[0] != '\0' ? " " : "", win->why);
    return describe_obstacle(text, capacity, what, win->name, "MPI_Win_create or _allocate");
  }
  return 0;
}

}  // namespace cairn::shim
