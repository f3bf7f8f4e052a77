// SPDX-License-Identifier: Apache-2.0
// Lists of the world ranks of a group's members, shared by everything that has the same members.
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

MemberList* members_make(int size);                    // one reference, world[] unset
MemberList* members_share(MemberList* list) noexcept;  // one more reference; null stays null
void members_drop(MemberList* list) noexcept;
// World ranks of a real group's members. Crosses; stand in a section or behind a door.
MemberList* members_of(RealGroup* group);
bool members_all_local(const MemberList* list) noexcept;  // none is an outsider

// The real group of MPI_COMM_WORLD, kept until the next restart. Crosses.
RealGroup* world_group();
void world_group_forget() noexcept;

}  // namespace cairn::shim
