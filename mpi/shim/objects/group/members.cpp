// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/group/members.hpp"

#include <cstdlib>
#include <vector>

#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

MemberList* members_make(int size) {
  auto* list =
      static_cast<MemberList*>(std::malloc(sizeof(MemberList) + static_cast<std::size_t>(size) * sizeof(std::int32_t)));
  if (list == nullptr) std::abort();
  list->references = 1;
  list->size = size;
  return list;
}

MemberList* members_share(MemberList* list) noexcept {
  const TableLock lock;
  if (list != nullptr) ++list->references;
  return list;
}

void members_drop(MemberList* list) noexcept {
  const TableLock lock;
  if (list != nullptr && --list->references == 0) std::free(list);
}

bool members_all_local(const MemberList* list) noexcept {
  for (int i = 0; list != nullptr && i < list->size; ++i)
    if (list->world[i] == kOutsider) return false;
  return true;
}

namespace {
RealGroup* cached_world_group;
}

RealGroup* world_group() {
  const TableLock lock;
  if (cached_world_group == nullptr) cross(real.Comm_group, real_objects.comm_world, &cached_world_group);
  return cached_world_group;
}

void world_group_forget() noexcept { cached_world_group = nullptr; }

MemberList* members_of(RealGroup* group) {
  RealGroup* world = world_group();
  int size = 0;
  cross(real.Group_size, group, &size);
  MemberList* list = members_make(size);
  std::vector<int> ranks(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) ranks[static_cast<std::size_t>(i)] = i;
  if (size > 0) cross(real.Group_translate_ranks, group, size, ranks.data(), world, list->world);
  for (int i = 0; i < size; ++i)
    if (list->world[i] < 0) list->world[i] = kOutsider;
  return list;
}

}  // namespace cairn::shim
