// SPDX-License-Identifier: Apache-2.0
// What a kind of descriptor is. table.cpp has them all, and they are tried in its order; the last takes what no other
// knows, and refuses it by name. What all kinds have in common (which descriptors share a description, flags, owner,
// number) is not theirs to do: capture.cpp, revive.cpp, placement.cpp.
//
// Ordinary code. A kind is a file of kinds/ that defines one constant; its struct, encoded, is Description::detail.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/documentation.hpp"

namespace cairn::state {

// A descriptor as it is now.
struct OpenFile {
  int fd = -1;
  struct stat status {};
  std::string path;  // as /proc/self/fd shows it, or as long as it is; empty if nobody tells it
  int flags = 0;
  std::int64_t offset = 0;
  std::string info;          // /proc/self/fdinfo
  int standard = -1;         // of 0, 1 and 2 the one that stands for it after a restart, or -1
  bool guest_stands = true;  // false while obstacles are looked for: nothing may be touched
};

// " at descriptor 5"
std::string at(const OpenFile& file);

struct DescriptorKind {
  std::uint32_t number;  // in context files, for ever
  const char* name;
  bool inheritable;  // may be what the process was started with at 0, 1 or 2, and is then the new process's
  bool (*recognise)(const OpenFile& file);
  // Description::detail. Throws TemporaryError or PermanentError for one that cannot be saved now.
  std::vector<std::uint8_t> (*describe)(const OpenFile& file);
  // The file may be hostile: throws PermanentError. Everything else may rely on what this has let pass.
  void (*check)(const Description& description);
  // Made by a libc function that the host replaces (core/host/descriptors.cpp), so that its number is among the host's:
  // a raw system call may give one that the guest wants. Flags, owner and signal are set by the caller. Throws
  // EnvironmentError.
  UniqueFd (*reopen)(const Description& description);
  // Stage::last, at its number: what begins to run. May be null.
  void (*refill)(int fd, const Description& description);
  Documentation documentation;
};

inline constexpr std::uint32_t regular_file_number = 0;

// In the order in which they are tried.
std::span<const DescriptorKind* const> descriptor_kinds() noexcept;
// Null if there is none of that number.
const DescriptorKind* find_descriptor_kind(std::uint32_t number) noexcept;

// Description::detail as the kind's struct. Throws PermanentError.
template <class Detail>
Detail detail_of(const Description& description) {
  return decode<Detail>(description.detail, "files, " + description.path);
}

}  // namespace cairn::state
