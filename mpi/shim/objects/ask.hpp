// SPDX-License-Identifier: Apache-2.0
// Groups and info objects that the real library makes for the asking, of communicators, windows and files alike.
#pragma once

#include <type_traits>

#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

// `members`: where the object keeps the group's members, if it does.
template <class Guest, class Function>
int ask_group(Guest* object, Function RealFunctions::*function, MPI_Group* group,
              std::type_identity_t<MemberList * Guest::*> members, const char* name) {
  return section_call(object, name, [&] {
    RealGroup* made = nullptr;
    const int rc = cross(real.*function, to_real(object), group == nullptr ? nullptr : &made);
    if (rc == MPI_SUCCESS) *group = group_adopt(made, members != nullptr ? object->*members : nullptr);
    return rc;
  });
}

template <class Guest, class Function>
int ask_info(Guest* object, Function RealFunctions::*function, MPI_Info* info, const char* name) {
  return section_call(object, name, [&] {
    RealInfo* made = real_objects.info_null;
    const int rc = cross(real.*function, to_real(object), info == nullptr ? nullptr : &made);
    if (rc == MPI_SUCCESS) *info = info_adopt(made);
    return rc;
  });
}

}  // namespace cairn::shim
