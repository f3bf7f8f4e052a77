// SPDX-License-Identifier: Apache-2.0
// Epochs of all kinds: opened now, closed then or steps later, and what the rank's own part must have afterwards.
#include <algorithm>
#include <cstring>

#include "tests/mpi/random/window.hpp"

namespace cairn::random_program {

namespace {

using Matrix = std::vector<std::vector<bool>>;

Matrix matrix(int n, bool value) {
  return Matrix(static_cast<std::size_t>(n), std::vector<bool>(static_cast<std::size_t>(n), value));
}

bool at(const Matrix& m, int origin, int target) {
  return m[static_cast<std::size_t>(origin)][static_cast<std::size_t>(target)];
}

// Who has locked a target exclusively is its only origin: no member waits for another one's epoch.
void draw_locks(State& s, Epoch& e, int n) {
  e.exclusive = matrix(n, false);
  for (int t = 0; t < n; ++t) {
    const bool one = s.plan.chance(40);
    const int who = s.plan.below(n);
    for (int o = 0; o < n; ++o) {
      const bool reaches = one ? o == who : s.plan.chance(60);
      e.reaches[static_cast<std::size_t>(o)][static_cast<std::size_t>(t)] = reaches;
      e.exclusive[static_cast<std::size_t>(o)][static_cast<std::size_t>(t)] = reaches && one;
    }
  }
}

std::unique_ptr<Epoch> draw_epoch(State& s, const Window& w) {
  static const std::vector<EpochKind> all = {EpochKind::kFence, EpochKind::kStartPost, EpochKind::kLockAll,
                                             EpochKind::kLocks};
  auto e = std::make_unique<Epoch>();
  e->kind = s.plan.pick(all);
  if (w.flavor == MPI_WIN_FLAVOR_SHARED && s.plan.chance(30)) e->kind = EpochKind::kStores;
  e->cursors.assign(static_cast<std::size_t>(w.size()), 0);
  e->reaches = matrix(w.size(), true);
  if (e->kind == EpochKind::kLocks) draw_locks(s, *e, w.size());
  if (e->kind == EpochKind::kStartPost) {
    for (auto& row : e->reaches) {
      for (std::size_t t = 0; t < row.size(); ++t) row[t] = s.plan.chance(60);
    }
  }
  return e;
}

// The members that `mine` has to do with, as a group; false if there are none.
template <class Reaches>
bool group_of(const Window& w, MPI_Group* made, Reaches&& reaches) {
  std::vector<int> ranks;
  for (int m = 0; m < w.size(); ++m) {
    if (reaches(m)) ranks.push_back(m);
  }
  if (ranks.empty()) return false;
  MPI_Group all = MPI_GROUP_NULL;
  must(MPI_Win_get_group(w.handle, &all));
  must(MPI_Group_incl(all, static_cast<int>(ranks.size()), ranks.data(), made));
  must(MPI_Group_free(&all));
  return true;
}

bool has_exposure(const Window& w) {
  for (int o = 0; o < w.size(); ++o) {
    if (at(w.epoch->reaches, o, w.me)) return true;
  }
  return false;
}

bool has_access(const Window& w) {
  for (int t = 0; t < w.size(); ++t) {
    if (at(w.epoch->reaches, w.me, t)) return true;
  }
  return false;
}

void post_and_start(const Window& w) {
  MPI_Group group = MPI_GROUP_NULL;
  if (group_of(w, &group, [&](int o) { return at(w.epoch->reaches, o, w.me); })) {
    must(MPI_Win_post(group, 0, w.handle));
    must(MPI_Group_free(&group));
  }
  if (group_of(w, &group, [&](int t) { return at(w.epoch->reaches, w.me, t); })) {
    must(MPI_Win_start(group, 0, w.handle));
    must(MPI_Group_free(&group));
  }
}

void complete_and_wait(State& s, const Window& w) {
  if (has_access(w)) must(MPI_Win_complete(w.handle));
  if (!has_exposure(w)) return;
  if (s.local.chance(50)) {
    must(MPI_Win_wait(w.handle));
  } else {
    int flag = 0;
    while (!flag) must(MPI_Win_test(w.handle, &flag));
  }
}

template <class Work>
void within_own_lock(const Window& w, Work&& work) {
  must(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, w.me, 0, w.handle));
  work();
  must(MPI_Win_unlock(w.me, w.handle));
}

void verify_part(State& s, const Window& w, const unsigned char* memory, std::size_t bytes, std::uint64_t key) {
  const Bytes& want = w.model[static_cast<std::size_t>(w.me)];
  s.ledger.received_result(key, memory, want.data(), bytes);
}

void plan_parts(State& s, const Window& w, std::uint64_t key) {
  for (int m = 0; m < w.size(); ++m) {
    const Bytes& part = w.model[static_cast<std::size_t>(m)];
    s.ledger.planned_result(w.members[static_cast<std::size_t>(m)], key, part.data(), part.size());
  }
}

// Each member stores into its own part, before others may come.
void store_own(State& s, Window& w) {
  if (!s.plan.chance(40)) return;
  const auto key = s.key();
  for (int m = 0; m < w.size(); ++m) {
    Bytes& part = w.model[static_cast<std::size_t>(m)];
    if (part.empty() || !s.plan.chance(60)) continue;
    const auto begin = static_cast<std::size_t>(s.plan.below(static_cast<int>(part.size())));
    const auto length = static_cast<std::size_t>(s.plan.below(static_cast<int>(part.size() - begin) + 1));
    fill_pattern(part.data() + begin, length, mix(key, static_cast<std::uint64_t>(m)));
    if (m != w.me) continue;
    within_own_lock(w, [&] { std::memcpy(w.memory + begin, part.data() + begin, length); });
  }
}

// Loads and stores into memory that the members share: nobody's piece is another's.
void close_stores(State& s, const Window& w) {
  must(MPI_Win_sync(w.handle));
  must(MPI_Barrier(w.comm));
  must(MPI_Win_sync(w.handle));
  for (int m = 0; m < w.size(); ++m) {
    const Bytes& part = w.model[static_cast<std::size_t>(m)];
    const bool same = part.empty() || std::memcmp(w.shared[static_cast<std::size_t>(m)], part.data(), part.size()) == 0;
    require(same, "the shared memory of member " + std::to_string(m) + " differs from the plan");
  }
  must(MPI_Win_unlock_all(w.handle));
  must(MPI_Barrier(w.comm));
  (void)s;
}

void begin(const Window& w) {
  const Epoch& e = *w.epoch;
  if (e.kind == EpochKind::kFence) {
    must(MPI_Win_fence(MPI_MODE_NOPRECEDE, w.handle));
    return;
  }
  if (e.kind == EpochKind::kStartPost) {
    post_and_start(w);
    return;
  }
  must(MPI_Barrier(w.comm));  // all have looked at their parts
  if (e.kind != EpochKind::kLocks) {
    must(MPI_Win_lock_all(0, w.handle));
    if (e.kind == EpochKind::kStores) must(MPI_Barrier(w.comm));
    return;
  }
  for (int t = 0; t < w.size(); ++t) {
    const int type = at(e.exclusive, w.me, t) ? MPI_LOCK_EXCLUSIVE : MPI_LOCK_SHARED;
    if (at(e.reaches, w.me, t)) must(MPI_Win_lock(type, t, 0, w.handle));
  }
}

void end(State& s, Window& w) {
  Epoch& e = *w.epoch;
  switch (e.kind) {
    case EpochKind::kFence:
      must(MPI_Win_fence(MPI_MODE_NOSUCCEED, w.handle));
      break;
    case EpochKind::kStartPost:
      complete_and_wait(s, w);
      break;
    case EpochKind::kLockAll:
      must(MPI_Win_unlock_all(w.handle));
      break;
    case EpochKind::kLocks:
      for (int t = w.size() - 1; t >= 0; --t) {
        if (at(e.reaches, w.me, t)) must(MPI_Win_unlock(t, w.handle));
      }
      break;
    case EpochKind::kStores:
      close_stores(s, w);
      break;
  }
  if (e.passive()) must(MPI_Barrier(w.comm));
}

}  // namespace

void open_epoch(State& s, Window& w) {
  w.epoch = draw_epoch(s, w);
  store_own(s, w);
  if (w.me >= 0) begin(w);
}

void advance_epoch(State& s, Window& w) {
  Epoch& e = *w.epoch;
  if (e.kind != EpochKind::kFence && e.kind != EpochKind::kLockAll) return;
  complete_requests(s, w, false);
  if (w.me >= 0) {
    if (e.kind == EpochKind::kFence) {
      must(MPI_Win_fence(0, w.handle));
    } else {
      must(MPI_Win_flush_all(w.handle));
      must(MPI_Barrier(w.comm));
    }
  }
  finish_operations(s, w);
  std::fill(e.cursors.begin(), e.cursors.end(), 0);
}

void close_epoch(State& s, Window& w) {
  complete_requests(s, w, false);
  if (w.me >= 0) end(s, w);
  finish_operations(s, w);
  const auto key = s.key();
  plan_parts(s, w, key);
  if (w.me >= 0) {
    const auto verify = [&] { verify_part(s, w, w.memory, w.part(w.me), key); };
    if (w.epoch->passive()) {
      within_own_lock(w, verify);
    } else {
      verify();
    }
    if (w.epoch->kind == EpochKind::kStores) must(MPI_Barrier(w.comm));
  }
  w.epoch.reset();
}

// A word that all members read, and write one more, each within an exclusive lock: none is lost.
void count_under_lock(State& s, Window& w) {
  w.epoch = std::make_unique<Epoch>();
  w.epoch->cursors.assign(static_cast<std::size_t>(w.size()), 0);
  const int target = s.plan.below(w.size());
  const int rounds = s.plan.between(1, 12);
  std::size_t offset = 0;
  const bool fits = reserve(s, w, target, 8, &offset);
  w.epoch.reset();
  if (!fits) return;
  unsigned char* word = w.model[static_cast<std::size_t>(target)].data() + offset;
  std::uint64_t value = 0;
  std::memcpy(&value, word, 8);
  value += static_cast<std::uint64_t>(w.size() * rounds);
  std::memcpy(word, &value, 8);
  if (w.me < 0) return;
  must(MPI_Barrier(w.comm));
  const MPI_Aint where_it_is = w.displacement(target, offset);
  for (int i = 0; i < rounds; ++i) {
    std::uint64_t now = 0;
    must(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, target, 0, w.handle));
    must(MPI_Get(&now, 1, MPI_UINT64_T, target, where_it_is, 1, MPI_UINT64_T, w.handle));
    must(MPI_Win_flush(target, w.handle));
    if (s.local.chance(20)) compute(0.0005 * s.options.slow);
    ++now;
    must(MPI_Put(&now, 1, MPI_UINT64_T, target, where_it_is, 1, MPI_UINT64_T, w.handle));
    must(MPI_Win_unlock(target, w.handle));
  }
  must(MPI_Barrier(w.comm));
  within_own_lock(w, [&] {
    const Bytes& want = w.model[static_cast<std::size_t>(w.me)];
    require(want.empty() || std::memcmp(w.memory, want.data(), want.size()) == 0,
            "a counter under an exclusive lock differs from the plan");
  });
}

}  // namespace cairn::random_program
