// SPDX-License-Identifier: Apache-2.0
// The kinds of MPI objects (objects/kinds.table): what a restart and a refusal have to ask of each. rebuild.cpp,
// start.cpp and unsupported.cpp walk this table and know no kind by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace cairn::shim {

// The order of a restart, the same on all ranks: what is made in a stage needs only what earlier stages have made.
enum class Stage : std::uint8_t { world, parts, groups, communicators, on_communicators, requests };

// Any of the functions may be null. All are called with the guest's thread pointer and cross by themselves.
struct ObjectKind {
  const char* title;
  Stage stage;
  // The real library is bound, for the first time or anew: the null handles are other ones.
  void (*rebind)() noexcept;
  // Before a cut, the library is free, and at work in all ranks: what has been begun there and is no request is done
  // when this returns. Again and again.
  void (*complete)() noexcept;
  // Before a cut, the library holds nothing and is free: what only it knows of the objects is asked.
  void (*park)() noexcept;
  // The same library is gone on with, whether there was a cut or not.
  void (*unpark)() noexcept;
  // Makes all objects of the kind again in a new library. Collective over all ranks. MPI_SUCCESS or an error code.
  int (*rebuild)();
  // After a rebuild that failed: which object it was.
  std::string (*culprit)();
  // Writes what of this kind keeps the job from being checkpointed; the length of the text, 0 if nothing does.
  std::size_t (*obstacle)(char* text, std::size_t capacity);
};

std::span<const ObjectKind> object_kinds() noexcept;

// For obstacle(): "a window 'name' exists (MPI_Win_create)". `name` may be empty.
std::size_t describe_obstacle(char* text, std::size_t capacity, const char* what, const char* name,
                              const char* how) noexcept;

}  // namespace cairn::shim
