// SPDX-License-Identifier: Apache-2.0
// Active targets: fences, and start, complete, post and wait.
#include "mpi/shim/objects/window/active.hpp"

#include <algorithm>
#include <atomic>

#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/objects/window/waiting.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kFenceAssertions = MPI_MODE_NOSTORE | MPI_MODE_NOPUT | MPI_MODE_NOPRECEDE | MPI_MODE_NOSUCCEED;
constexpr int kPostAssertions = MPI_MODE_NOCHECK | MPI_MODE_NOSTORE | MPI_MODE_NOPUT;

// The ranks that the group's processes have in the window.
int ranks_of(const LocalWindow& window, MPI_Group group, std::vector<int>& ranks) {
  if (!usable(group)) return MPI_ERR_GROUP;
  if (group->members == nullptr) return MPI_SUCCESS;  // MPI_GROUP_EMPTY
  const MemberList& all = *window.comm->members;
  const std::int32_t* const end = all.world + all.size;
  for (int i = 0; i < group->members->size; ++i) {
    const std::int32_t* const found = std::find(all.world + 0, end, group->members->world[i]);
    if (found == end) return MPI_ERR_RANK;
    ranks.push_back(static_cast<int>(found - all.world));
  }
  return MPI_SUCCESS;
}

// Has `origin` completed all its operations on this member?
bool has_completed(const LocalWindow& window, int origin) noexcept {
  const std::uint32_t seen = window.epoch.completions_seen[static_cast<std::size_t>(origin)];
  return window.control.completions(window.rank, origin).load() != seen;
}

// Tells the others, whose word of it lies at `near(rank)` or, in a far window, `far(rank)`.
template <class Near, class Far>
int tell(LocalWindow& window, const std::vector<int>& ranks, const char* name, Near&& near, Far&& far) {
  const auto from_afar = [&] {
    const InsideScope scope(name);
    if (!window.is_far()) return kMoved;
    int rc = MPI_SUCCESS;
    for (const int rank : ranks)
      if (rc == MPI_SUCCESS) rc = window.real_side().add_one(rank, far(rank));
    return rc;
  };
  const auto here = [&] {
    const crcp::Section section;
    if (window.is_far()) return kMoved;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (const int rank : ranks) near(rank).fetch_add(1);
    return MPI_SUCCESS;
  };
  return as_it_is(window, from_afar, here);
}

// In a far window it is waited for until all that was begun, at these or at all members, is done.
int finish_far(LocalWindow& window, const std::vector<int>* targets, const char* name) {
  if (!window.is_far()) return MPI_SUCCESS;
  const InsideScope scope(name);
  if (!window.is_far()) return MPI_SUCCESS;
  if (targets == nullptr) return window.real_side().flush_all();
  int rc = MPI_SUCCESS;
  for (const int target : *targets)
    if (rc == MPI_SUCCESS) rc = window.real_side().flush(target);
  return rc;
}

void end_exposure(LocalWindow& window) noexcept {
  for (const int origin : window.epoch.origins) ++window.epoch.completions_seen[static_cast<std::size_t>(origin)];
  window.epoch.exposed = false;
}

}  // namespace

// A post is used up when the epoch ends.
int await_post(LocalWindow& window, int target) noexcept {
  const Epoch& epoch = window.epoch;
  if (std::find(epoch.targets.begin(), epoch.targets.end(), target) == epoch.targets.end()) return MPI_ERR_RMA_SYNC;
  if (!epoch.awaits_posts) return MPI_SUCCESS;
  const std::uint32_t seen = epoch.posts_seen[static_cast<std::size_t>(target)];
  wait_until("MPI_Win_start", window.comm, "for", target,
             [&]() noexcept { return window.control.posts(window.rank, target).load() != seen; });
  return MPI_SUCCESS;
}

namespace local {

int Win_fence(int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  Epoch& epoch = window.epoch;
  if ((assertion & ~kFenceAssertions) != 0) return MPI_ERR_ASSERT;
  if (epoch.is_passive() || epoch.started || epoch.exposed) return MPI_ERR_RMA_SYNC;
  const bool nothing = (assertion & MPI_MODE_NOPRECEDE) != 0 && (assertion & MPI_MODE_NOSUCCEED) != 0;
  int rc = MPI_SUCCESS;
  if (!nothing) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const int finished = finish_far(window, nullptr, "MPI_Win_fence");
    const CollectiveScope scope(window.comm, "MPI_Win_fence");
    rc = cross(real.Barrier, to_real(window.comm));
    if (rc == MPI_SUCCESS) rc = finished;
  }
  epoch.fenced = (assertion & MPI_MODE_NOSUCCEED) == 0;
  epoch.used = false;
  return rc;
}

int Win_post(MPI_Group group, int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  if ((assertion & ~kPostAssertions) != 0) return MPI_ERR_ASSERT;
  if (window.epoch.exposed) return MPI_ERR_RMA_SYNC;
  take_part_sometimes();
  window.epoch.origins.clear();
  if (const int rc = ranks_of(window, group, window.epoch.origins); rc != MPI_SUCCESS) return rc;
  window.epoch.exposed = true;
  if ((assertion & MPI_MODE_NOCHECK) != 0) return MPI_SUCCESS;
  return tell(
      window, window.epoch.origins,
      "MPI_Win_post", [&](int origin) -> auto& { return window.control.posts(origin, window.rank); },
      [&](int) { return window.control.post_at(window.rank); });
}

// Posts are waited for by the first call that needs them; memory that is in common needs none.
int Win_start(MPI_Group group, int assertion, MPI_Win win) {
  LocalWindow& window = *win->local;
  Epoch& epoch = window.epoch;
  if ((assertion & ~MPI_MODE_NOCHECK) != 0) return MPI_ERR_ASSERT;
  if (epoch.is_busy()) return MPI_ERR_RMA_SYNC;
  epoch.targets.clear();
  if (const int rc = ranks_of(window, group, epoch.targets); rc != MPI_SUCCESS) return rc;
  epoch.started = true;
  epoch.fenced = false;
  epoch.awaits_posts = (assertion & MPI_MODE_NOCHECK) == 0;
  if (window.is_common())
    for (const int target : epoch.targets) await_post(window, target);
  return MPI_SUCCESS;
}

int Win_complete(MPI_Win win) {
  LocalWindow& window = *win->local;
  Epoch& epoch = window.epoch;
  if (!epoch.started) return MPI_ERR_RMA_SYNC;
  take_part_sometimes();
  for (const int target : epoch.targets) await_post(window, target);
  const int finished = finish_far(window, &epoch.targets, "MPI_Win_complete");
  const int told = tell(
      window, epoch.targets,
      "MPI_Win_complete", [&](int target) -> auto& { return window.control.completions(target, window.rank); },
      [&](int) { return window.control.completion_at(window.rank); });
  if (epoch.awaits_posts)
    for (const int target : epoch.targets) ++epoch.posts_seen[static_cast<std::size_t>(target)];
  epoch.started = false;
  return finished != MPI_SUCCESS ? finished : told;
}

int Win_wait(MPI_Win win) {
  LocalWindow& window = *win->local;
  if (!window.epoch.exposed) return MPI_ERR_RMA_SYNC;
  for (const int origin : window.epoch.origins)
    wait_until("MPI_Win_wait", window.comm, "for", origin, [&]() noexcept { return has_completed(window, origin); });
  end_exposure(window);
  return MPI_SUCCESS;
}

int Win_test(MPI_Win win, int* flag) {
  LocalWindow& window = *win->local;
  if (flag == nullptr) return MPI_ERR_ARG;
  if (!window.epoch.exposed) return MPI_ERR_RMA_SYNC;
  const crcp::Section section;
  crcp::duties();
  p2p::progress_library();
  const auto& origins = window.epoch.origins;
  *flag = std::all_of(origins.begin(), origins.end(), [&](int origin) { return has_completed(window, origin); });
  if (*flag != 0) end_exposure(window);
  return MPI_SUCCESS;
}

}  // namespace local
}  // namespace cairn::shim
