// SPDX-License-Identifier: Apache-2.0
// Windows of all flavours come and go, and live over many steps, with epochs open or not.
#include "tests/mpi/random/window.hpp"

#include <algorithm>

namespace cairn::random_program {

namespace {

constexpr std::size_t kMostWindows = 4;

std::size_t draw_part(State& s) {
  const int dice = s.plan.below(100);
  std::size_t n = 0;
  if (dice < 8) return 0;
  if (dice < 60) {
    n = static_cast<std::size_t>(s.plan.below(2048));
  } else if (dice < 92) {
    n = static_cast<std::size_t>(s.plan.below(20000));
  } else {
    n = static_cast<std::size_t>(s.plan.below(300000));
  }
  return std::min(n, s.options.max_bytes) / 8 * 8;
}

void create(Window& w, MPI_Aint bytes, MPI_Info info) {
  const int unit = w.units[static_cast<std::size_t>(w.me)];
  void* base = nullptr;
  if (w.flavor == MPI_WIN_FLAVOR_ALLOCATE) {
    must(MPI_Win_allocate(bytes, unit, info, w.comm, &base, &w.handle));
  } else if (w.flavor == MPI_WIN_FLAVOR_SHARED) {
    must(MPI_Win_allocate_shared(bytes, unit, info, w.comm, &base, &w.handle));
  } else {
    w.own.assign(static_cast<std::size_t>(bytes) / 8 + 1, 0);
    base = w.own.data();
    if (w.flavor == MPI_WIN_FLAVOR_CREATE) {
      must(MPI_Win_create(base, bytes, unit, info, w.comm, &w.handle));
    } else {
      must(MPI_Win_create_dynamic(info, w.comm, &w.handle));
      if (bytes > 0) must(MPI_Win_attach(w.handle, base, bytes));
    }
  }
  w.memory = static_cast<unsigned char*>(base);
}

void meet(Window& w) {
  MPI_Aint address = 0;
  must(MPI_Get_address(w.memory, &address));
  w.bases.resize(static_cast<std::size_t>(w.size()));
  must(MPI_Allgather(&address, 1, MPI_AINT, w.bases.data(), 1, MPI_AINT, w.comm));
  for (int m = 0; m < w.size() && w.flavor == MPI_WIN_FLAVOR_SHARED; ++m) {
    MPI_Aint bytes = 0;
    int unit = 0;
    void* base = nullptr;
    must(MPI_Win_shared_query(w.handle, m, &bytes, &unit, &base));
    require(static_cast<std::size_t>(bytes) == w.part(m), "MPI_Win_shared_query says another size");
    require(unit == w.units[static_cast<std::size_t>(m)], "MPI_Win_shared_query says another unit");
    w.shared.push_back(static_cast<unsigned char*>(base));
  }
}

// What the window says of itself, at any time.
void check(const Window& w) {
  if (w.me < 0) return;
  void* value = nullptr;
  int flag = 0;
  must(MPI_Win_get_attr(w.handle, MPI_WIN_CREATE_FLAVOR, &value, &flag));
  require(flag && *static_cast<int*>(value) == w.flavor, "a window has another flavour");
  if (w.flavor == MPI_WIN_FLAVOR_DYNAMIC) return;
  must(MPI_Win_get_attr(w.handle, MPI_WIN_SIZE, &value, &flag));
  require(flag && *static_cast<MPI_Aint*>(value) == static_cast<MPI_Aint>(w.part(w.me)), "a window has another size");
  must(MPI_Win_get_attr(w.handle, MPI_WIN_DISP_UNIT, &value, &flag));
  require(flag && *static_cast<int*>(value) == w.units[static_cast<std::size_t>(w.me)], "a window has another unit");
  must(MPI_Win_get_attr(w.handle, MPI_WIN_BASE, &value, &flag));
  require(flag && (w.part(w.me) == 0 || value == w.memory), "a window has another base");
}

void free_window(State& s, std::size_t index) {
  Window& w = *s.windows[index];
  if (w.epoch) close_epoch(s, w);
  check(w);
  if (w.me >= 0) {
    if (w.flavor == MPI_WIN_FLAVOR_DYNAMIC) {
      must(MPI_Barrier(w.comm));
      if (w.part(w.me) > 0) must(MPI_Win_detach(w.handle, w.memory));
    }
    must(MPI_Win_free(&w.handle));
    must(MPI_Comm_free(&w.comm));
  }
  s.windows.erase(s.windows.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

MPI_Aint Window::displacement(int target, std::size_t offset) const {
  const auto t = static_cast<std::size_t>(target);
  if (flavor == MPI_WIN_FLAVOR_DYNAMIC) return MPI_Aint_add(bases[t], static_cast<MPI_Aint>(offset));
  return static_cast<MPI_Aint>(offset) / units[t];
}

void step_window_create(State& s) {
  for (const auto& w : s.windows) check(*w);
  if (s.windows.size() >= kMostWindows) {
    step_window_free(s);
    return;
  }
  static const std::vector<int> flavors = {MPI_WIN_FLAVOR_CREATE, MPI_WIN_FLAVOR_ALLOCATE, MPI_WIN_FLAVOR_SHARED,
                                           MPI_WIN_FLAVOR_DYNAMIC};
  static const std::vector<int> units = {1, 2, 4, 8};
  const Comm& c = s.comm(1, false);
  auto w = std::make_shared<Window>();
  w->members = c.members;
  w->flavor = s.plan.pick(flavors);
  if (w->flavor == MPI_WIN_FLAVOR_SHARED && !s.on_one_node(w->members)) w->flavor = MPI_WIN_FLAVOR_ALLOCATE;
  const bool apart = s.plan.chance(30);
  const auto key = s.key();
  for (int m = 0; m < w->size(); ++m) {
    w->units.push_back(s.plan.pick(units));
    w->model.push_back(pattern(draw_part(s), mix(key, static_cast<std::uint64_t>(m))));
  }
  s.windows.push_back(w);
  w->me = c.index(s.rank);
  if (w->me < 0) return;
  must(MPI_Comm_dup(c.handle, &w->comm));
  MPI_Info info = MPI_INFO_NULL;
  must(MPI_Info_create(&info));
  if (apart) must(MPI_Info_set(info, "alloc_shared_noncontig", "true"));
  create(*w, static_cast<MPI_Aint>(w->part(w->me)), info);
  must(MPI_Info_free(&info));
  must(MPI_Win_set_errhandler(w->handle, MPI_ERRORS_RETURN));
  meet(*w);
  const Bytes& mine = w->model[static_cast<std::size_t>(w->me)];
  std::copy(mine.begin(), mine.end(), w->memory);
  must(MPI_Barrier(w->comm));
}

void step_window_free(State& s) {
  if (!s.windows.empty()) free_window(s, static_cast<std::size_t>(s.plan.below(static_cast<int>(s.windows.size()))));
}

// Opens an epoch, does more in it, or ends it.
void step_window(State& s) {
  if (s.windows.empty()) {
    step_window_create(s);
    return;
  }
  Window& w = *s.plan.pick(s.windows);
  check(w);
  if (!w.epoch) {
    if (s.plan.chance(12)) {
      count_under_lock(s, w);
      return;
    }
    open_epoch(s, w);
    draw_operations(s, w);
    if (s.plan.chance(40)) close_epoch(s, w);
  } else if (s.plan.chance(40)) {
    if (s.plan.chance(40)) advance_epoch(s, w);
    complete_requests(s, w, true);
    draw_operations(s, w);
  } else {
    close_epoch(s, w);
  }
}

void finish_windows(State& s) {
  while (!s.windows.empty()) free_window(s, s.windows.size() - 1);
}

}  // namespace cairn::random_program
