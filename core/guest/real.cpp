// SPDX-License-Identifier: Apache-2.0
#include "core/guest/real.hpp"

namespace cairn::guest {
namespace {

RealFunctions functions;
bool resolved = false;

template <typename F>
void find(F& function, const char* name) {
  function = reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

const RealFunctions& real() {
  if (__builtin_expect(!__atomic_load_n(&resolved, __ATOMIC_ACQUIRE), 0)) {
#define CAIRN_REAL(name) find(functions.name, #name);
#include "core/guest/real.def"
#undef CAIRN_REAL
    __atomic_store_n(&resolved, true, __ATOMIC_RELEASE);
  }
  return functions;
}

}  // namespace cairn::guest
