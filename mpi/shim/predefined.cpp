// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/predefined.hpp"

#define CAIRN_PREDEFINED(kind, name) extern "C" char cairn_object_##name[] __asm__(#name);
#include "mpi/shim/generated/predefined.inc"
#undef CAIRN_PREDEFINED

namespace cairn::shim {

// Through the GOT: in most programs these addresses are the executable's own copies.
#define CAIRN_PREDEFINED(kind, name) {reinterpret_cast<Handle*>(cairn_object_##name), Kind::kind, #name},
const PredefinedObject predefined_objects[] = {
#include "mpi/shim/generated/predefined.inc"
};
#undef CAIRN_PREDEFINED

const int predefined_count = sizeof predefined_objects / sizeof predefined_objects[0];

}  // namespace cairn::shim
