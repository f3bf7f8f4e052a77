// SPDX-License-Identifier: Apache-2.0
// Groups and info objects that the real library makes for the asking, of communicators, windows and files alike.
#pragma once

#include <type_traits>

#include "mpi/shim/made.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

// `members`: where the object keeps the group's members, if it does.
template <class Guest, class Function>
int ask_group(Guest* object, Function RealFunctions::*function, MPI_Group* group,
              std::type_identity_t<MemberList * Guest::*> members, const char* name) {
  return brief_call(object, name, [&] {
    Made made(group);
    return made.settle(cross(real.*function, to_real(object), made.place()), [&](RealGroup* real_group) {
      return group_adopt(real_group, members != nullptr ? object->*members : nullptr);
    });
  });
}

// `told`: whose error handler is told of an error.
template <class Guest, class Told, class Function>
int ask_info(Guest* object, Told* told, Function RealFunctions::*function, MPI_Info* info, const char* name) {
  return brief_call(told, name, [&] {
    Made made(info);
    return made.settle(cross(real.*function, to_real(object), made.place()),
                       [](RealInfo* real_info) { return info_adopt(real_info); });
  });
}

}  // namespace cairn::shim
