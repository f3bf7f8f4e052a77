// SPDX-License-Identifier: Apache-2.0
// Memory of dynamic windows, told where the others see it, and the real library if there is one; and hints.
#include <algorithm>

#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

void note(LocalWindow& window, void* base, MPI_Aint bytes) {
  window.attached.push_back({base, bytes});
  Region* const regions = window.control.regions(window.rank);
  for (int i = 0; i < Control::kRegions; ++i) {
    if (regions[i].bytes.load() != 0) continue;
    regions[i].start.store(reinterpret_cast<std::uint64_t>(base));
    regions[i].bytes.store(static_cast<std::uint64_t>(bytes));
    return;
  }
  window.control.of(window.rank).uncounted.fetch_add(1);
}

int forget(LocalWindow& window, const void* base) {
  auto& all = window.attached;
  const auto found = std::find_if(all.begin(), all.end(), [=](const Attached& one) { return one.start == base; });
  if (found == all.end()) return MPI_ERR_BASE;
  all.erase(found);
  Region* const regions = window.control.regions(window.rank);
  for (int i = 0; i < Control::kRegions; ++i) {
    if (regions[i].bytes.load() == 0 || regions[i].start.load() != reinterpret_cast<std::uint64_t>(base)) continue;
    regions[i].bytes.store(0);
    return MPI_SUCCESS;
  }
  window.control.of(window.rank).uncounted.fetch_sub(1);
  return MPI_SUCCESS;
}

// In one step with its being noted: a restart attaches again what has been noted.
template <class Real, class Noted>
int change(LocalWindow& window, const char* name, Real&& call, Noted&& noted) {
  const auto far = [&] {
    const InsideScope scope(name);
    if (!window.is_far()) return kMoved;
    const int rc = call(window.real_side().memory());
    return rc == MPI_SUCCESS ? noted() : rc;
  };
  const auto near = [&] {
    const crcp::Section section;
    return window.is_far() ? kMoved : noted();
  };
  return as_it_is(window, far, near);
}

}  // namespace

namespace local {

int Win_attach(MPI_Win win, void* base, MPI_Aint bytes) {
  LocalWindow& window = *win->local;
  if (bytes < 0 || base == nullptr) return MPI_ERR_ARG;
  if (window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC) return MPI_ERR_RMA_FLAVOR;
  if (bytes == 0) return MPI_SUCCESS;
  return change(
      window, "MPI_Win_attach", [=](RealWin* real_window) { return cross(real.Win_attach, real_window, base, bytes); },
      [&] {
        note(window, base, bytes);
        return MPI_SUCCESS;
      });
}

int Win_detach(MPI_Win win, const void* base) {
  LocalWindow& window = *win->local;
  if (base == nullptr) return MPI_ERR_ARG;
  if (window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC) return MPI_ERR_RMA_FLAVOR;
  return change(
      window, "MPI_Win_detach", [=](RealWin* real_window) { return cross(real.Win_detach, real_window, base); },
      [&] { return forget(window, base); });
}

int Win_set_info(MPI_Win win, MPI_Info info) {
  if (!usable(info)) return MPI_ERR_INFO;
  const crcp::InnerLock lock;
  info_add(win->local->info, info);
  return MPI_SUCCESS;
}

}  // namespace local
}  // namespace cairn::shim
