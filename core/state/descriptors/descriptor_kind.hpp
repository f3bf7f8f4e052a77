// SPDX-License-Identifier: Apache-2.0
// What a kind of descriptor is. table.cpp has them all, and they are tried in its order; the last takes what no other
// knows, and refuses it by name. What all kinds have in common (which descriptors share a description, flags, owner,
// number) is not theirs to do: capture.cpp, revive.cpp, placement.cpp.
//
// Ordinary code. A kind is a file of kinds/ that defines one constant; its struct, encoded, is Description::detail.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/abi/restart_options.hpp"
#include "core/base/codec.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/documentation.hpp"
#include "core/state/shared_objects/state.hpp"

namespace cairn::context {
class Writer;
}

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
// Its own device and inode; for one of two ends that are connected, the same from either: `peer` is the inode of the
// other one, 0 if there is none.
ObjectIdentity identity_of(const OpenFile& file);
ObjectIdentity identity_of_both(const OpenFile& file, std::uint64_t peer);

class Image;
class OpenFiles;

// The descriptors of a process that are ends of one object, one for each open file description.
using ObjectEnds = std::vector<const OpenFile*>;

// In a restart: all descriptions, and their descriptors, which are the host's or at their places (placement.hpp).
struct OpenedFiles {
  const FilesState& files;
  std::span<const UniqueFd> opened;  // by description
};

// What one process has saved of an object, and the file that it is in. There are several where processes of a group
// have ends of it.
struct ObjectPart {
  const SharedObject& object;
  const Image& image;
};
using ObjectParts = std::span<const ObjectPart>;

// A terminal that has been made, and is to be that of a session: by numbers as they were saved.
struct SessionTerminal {
  std::int32_t session = 0, foreground = 0;  // the process that leads; the process group
  UniqueFd slave;
};

// Where objects are made, at a restart.
struct Making {
  const restart::Options& options;
  std::vector<std::string>& notes;          // for the user
  std::map<ObjectIdentity, int>& nameless;  // as Restart's
  std::vector<SessionTerminal>& terminals;  // what whoever makes the processes is to give to them
};

// For kinds whose descriptions are ends of something that they share with others: a pipe, a pair of sockets. It is
// saved and made again as a whole.
struct ObjectKind {
  ObjectIdentity (*identify)(const OpenFile& file);
  // SharedObject::detail. Consumes nothing, whatever becomes of the checkpoint; looks only, while the guest runs.
  // `writer` takes contents; null while the guest runs. Throws TemporaryError for what cannot be saved now, or has an
  // end outside of the process and its group.
  std::vector<std::uint8_t> (*save)(const ObjectEnds& ends, const OpenFiles& all, context::Writer* writer);
  // The file may be hostile: throws PermanentError.
  void (*check)(const SharedObject& object);
  // The object with its content, as the ends that are asked for, in their order; no other end is left. Made as by
  // DescriptorKind::reopen. Throws EnvironmentError, and PermanentError for parts that do not go together.
  std::vector<UniqueFd> (*make)(ObjectParts parts, std::span<const Description* const> ends, Making& making);
  // Every process of a group that has an end saves a part; else one of them saves all.
  bool in_parts = false;
  // For a group it is made by who starts it, also where one process has all its ends: addresses that it needs are free
  // only before the processes make what is theirs alone.
  bool made_first = false;
  // Objects of a lower turn are made before those of a higher one.
  unsigned turn = 0;
  // For a group it is made when all processes are there, by one of those that have an end.
  bool made_last = false;
};

// Description::detail of such kinds.
struct EndDetail {
  ObjectIdentity object;
  std::vector<std::uint8_t> own;  // what DescriptorKind::describe has given
  template <class Archive>
  void fields(Archive& a) {
    a(object, own);
  }
};

struct DescriptorKind {
  std::uint32_t number;  // in context files, for ever
  const char* name;
  bool inheritable;  // may be what the process was started with at 0, 1 or 2, and is then the new process's
  bool (*recognise)(const OpenFile& file);
  // Description::detail. Throws TemporaryError or PermanentError for one that cannot be saved now.
  std::vector<std::uint8_t> (*describe)(const OpenFile& file, const OpenFiles& all);
  // The file may be hostile: throws PermanentError. Everything else may rely on what this has let pass.
  void (*check)(const Description& description);
  // Made by a libc function that the host replaces (core/host/descriptors.cpp), so that its number is among the host's:
  // a raw system call may give one that the guest wants. Flags, owner and signal are set by the caller. Throws
  // EnvironmentError. Null if `object` makes it.
  UniqueFd (*reopen)(const Description& description);
  // Stage::last, at its number: what begins to run. May be null.
  void (*refill)(int fd, const Description& description);
  Documentation documentation;
  // Stage::descriptors, before they are moved to their numbers: what it refers to among the others. May be null.
  // Throws EnvironmentError.
  void (*connect)(int fd, const Description& description, const OpenedFiles& all) = nullptr;
  const ObjectKind* object = nullptr;  // what its descriptions are ends of
  // Instead of `reopen`: what refers to another process of the group, so all of them must be there. As that one.
  UniqueFd (*reopen_last)(const Description& description, const restart::Options& options) = nullptr;
};

inline constexpr std::uint32_t regular_file_number = 0, nameless_file_number = 10;

// In the order in which they are tried.
std::span<const DescriptorKind* const> descriptor_kinds() noexcept;
// ObjectKind::turn, of a kind that is known and has objects.
unsigned turn_of(std::uint32_t number) noexcept;
// Null if there is none of that number.
const DescriptorKind* find_descriptor_kind(std::uint32_t number) noexcept;

// Has another process of the group saved it? Then it has no detail.
bool is_saved_elsewhere(const SharedObject& object, std::int32_t pid) noexcept;
// The description must have passed its kind's check.
bool is_end_of(const Description& description, const SharedObject& object);

// Description::detail as the kind's struct. Throws PermanentError.
template <class Detail>
Detail detail_of(const Description& description) {
  return decode<Detail>(description.detail, "files, " + description.path);
}

}  // namespace cairn::state
