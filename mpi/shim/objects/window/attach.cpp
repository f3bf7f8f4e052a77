// SPDX-License-Identifier: Apache-2.0
// Memory of dynamic local windows, told where the others see it; and hints.
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim::local {

int Win_attach(MPI_Win win, void* base, MPI_Aint bytes) {
  LocalWindow& window = *win->local;
  if (bytes < 0 || base == nullptr) return MPI_ERR_ARG;
  if (window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC) return MPI_ERR_RMA_FLAVOR;
  if (bytes == 0) return MPI_SUCCESS;
  const crcp::Section section;
  Region* const regions = window.control.regions(window.rank);
  for (int i = 0; i < Control::kRegions; ++i) {
    if (regions[i].bytes.load() != 0) continue;
    regions[i].start.store(reinterpret_cast<std::uint64_t>(base));
    regions[i].bytes.store(static_cast<std::uint64_t>(bytes));
    return MPI_SUCCESS;
  }
  window.control.of(window.rank).uncounted.fetch_add(1);
  return MPI_SUCCESS;
}

int Win_detach(MPI_Win win, const void* base) {
  LocalWindow& window = *win->local;
  if (base == nullptr) return MPI_ERR_ARG;
  if (window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC) return MPI_ERR_RMA_FLAVOR;
  const crcp::Section section;
  Region* const regions = window.control.regions(window.rank);
  for (int i = 0; i < Control::kRegions; ++i) {
    if (regions[i].bytes.load() == 0 || regions[i].start.load() != reinterpret_cast<std::uint64_t>(base)) continue;
    regions[i].bytes.store(0);
    return MPI_SUCCESS;
  }
  std::atomic<std::uint32_t>& uncounted = window.control.of(window.rank).uncounted;
  if (uncounted.load() == 0) return MPI_ERR_BASE;
  uncounted.fetch_sub(1);
  return MPI_SUCCESS;
}

int Win_set_info(MPI_Win win, MPI_Info info) {
  if (!usable(info)) return info == MPI_INFO_NULL ? MPI_SUCCESS : MPI_ERR_INFO;
  const crcp::InnerLock lock;
  info_add(win->local->info, info);
  return MPI_SUCCESS;
}

}  // namespace cairn::shim::local
