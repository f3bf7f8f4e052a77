// SPDX-License-Identifier: Apache-2.0
// Windows at a cut and after a restart, and those that keep the job from being checkpointed. The members of the shim's
// meet again, in the order in which the communicators are made: so there is always one that can be made
// (communicator/rebuild.cpp).
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/objects/window/common.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

bool window_has_exposed_memory() noexcept {
  for (const ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr && (win->local->is_common() || win->local->is_far())) return true;
  return false;
}

bool window_may_have_exposed_memory() noexcept {
  return MakesExposedMemory::at_work.load(std::memory_order_relaxed) != 0 || window_has_exposed_memory();
}

void window_complete() noexcept {
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr && win->local->is_far()) win->local->real_side().settle();
}

void window_rebind() noexcept {
  store<ompi_win_t>().pool.rebind(real_objects.win_null);
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr) win->real = real_objects.win_null;
}

void window_park() noexcept {
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr && !win->local->is_far()) {
      win->local->save();
      win->local->set_standing(true);
    }
}

void window_unpark() noexcept {
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr && !win->local->is_far()) win->local->set_standing(false);
}

namespace {

// Of a rebuild that failed.
const LocalWindow* failed = nullptr;
const char* failed_why = "";

}  // namespace

int window_rebuild() {
  std::vector<LocalWindow*> all;
  for (ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next)
    if (win->local != nullptr) all.push_back(win->local);
  std::sort(all.begin(), all.end(),
            [](const LocalWindow* a, const LocalWindow* b) { return a->comm->identity < b->comm->identity; });
  for (LocalWindow* window : all) {
    window->forget_mappings();
    const char* const why = window->connect();
    if (why == nullptr) continue;
    failed = window;
    failed_why = why;
    return window->is_common() ? MPI_ERR_RMA_SHARED : MPI_ERR_WIN;
  }
  return MPI_SUCCESS;
}

std::string window_culprit() {
  for (const ompi_win_t* win = store<ompi_win_t>().live.head(); win != nullptr; win = win->next) {
    if (win->local == nullptr || win->local != failed) continue;
    const std::string named = win->name[0] != '\0' ? std::string(" '") + win->name + "'" : std::string();
    const char* const made = failed->is_common() ? "memory of all, " : "";
    return "a window" + named + ": " + made + failed_why;
  }
  return {};
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
