// SPDX-License-Identifier: Apache-2.0
// Whoever loads the MPI library at run time, by whatever path, gets the one that the host has preloaded: the real
// one belongs into the host. libc looks at its caller's address (RUNPATH, $ORIGIN), so that every other call is
// passed on by a jump (context.S); here is only the decision.
#include <string.h>

#include "core/guest/host.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr const char* kLibrary = "libmpi.so";
constexpr const char* kSoname = "libmpi.so.40";

bool is_mpi_library(const char* file) {
  if (file == nullptr) return false;
  const char* slash = strrchr(file, '/');
  const char* name = slash != nullptr ? slash + 1 : file;
  const std::size_t n = strlen(kLibrary);
  return strncmp(name, kLibrary, n) == 0 && (name[n] == '\0' || name[n] == '.');
}

}  // namespace

// The shim's handle for a caller that wants the MPI library; null: pass the call on.
extern "C" __attribute__((visibility("hidden"), used)) void* cairn_dlopen_mpi(const char* file, int mode) {
  if (!hosted() || !is_mpi_library(file)) return nullptr;
  void* shim = real().dlopen(kSoname, (mode & ~RTLD_DEEPBIND) | RTLD_NOLOAD);
  if (shim == nullptr) dlerror();  // not an error of the caller's
  return shim;
}

extern "C" __attribute__((visibility("hidden"), used)) void* cairn_real_dlopen() {
  return reinterpret_cast<void*>(real().dlopen);
}

extern "C" __attribute__((visibility("hidden"), used)) void* cairn_real_dlmopen() {
  return reinterpret_cast<void*>(real().dlmopen);
}
