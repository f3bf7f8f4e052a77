// SPDX-License-Identifier: Apache-2.0
// The index of a directory that holds a group of processes: who they are, and which context file is whose
// (docs/context-format.md). A reader takes every byte for hostile. Ordinary code, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/context/reader.hpp"

namespace cairn::context {

// Before the encoded GroupIndex.
struct GroupIndexHead {
  static constexpr std::uint64_t known_magic = 0x0a1a505247524143;  // "CARGRP", 0x1a, newline
  static constexpr std::uint32_t known_version = 1;
  std::uint64_t magic = known_magic;
  static constexpr std::uint32_t leader_beside = 1;
  std::uint32_t version = known_version;
  std::uint32_t flags = 0;
  std::uint64_t length = 0;    // bytes of what follows
  std::uint64_t checksum = 0;  // of that
};

struct GroupProcess {
  std::int32_t pid = 0, parent = 0, group = 0, session = 0;  // as the processes saw them
  bool ended = false;                                        // and not waited for: it has no file
  std::int32_t status = 0;                                   // then: as wait() tells it
  std::string name;                                          // of its program
  std::uint64_t checksum = 0;                                // of its file's index, as in the trailer
  std::string described() const { return "process " + std::to_string(pid) + " (" + name + ")"; }
  template <class Archive>
  void fields(Archive& a) {
    a(pid, parent, group, session, ended, status, name, checksum);
  }
};

struct GroupIndex {
  // Parents before their children; the first leads. A parent that is not one of them is 0, but the first one's: a
  // process group's or session's members need not be related.
  std::vector<GroupProcess> processes;
  // The first one's file is not in the directory NAME.tree, but beside it: NAME.ctx. In the head's flags.
  bool leader_beside = false;
  template <class Archive>
  void fields(Archive& a) {
    a(processes);
  }
};

inline constexpr char group_index_name[] = "group";
inline constexpr char group_objects_name[] = "objects";
inline constexpr char group_file_suffix[] = ".ctx";
inline constexpr char group_beside_suffix[] = ".tree";
// "4711.ctx"
std::string group_file_name(std::int32_t pid);
// "a/rank_0.ctx" for "a/rank_0.tree", and the other way about.
std::string leader_file_beside(const std::string& directory);
std::string group_beside(const std::string& file);
// A name that can be in the directory of a group.
bool is_group_name(const std::string& name);

// True for a directory that has an index.
bool is_group(const std::string& directory);
// Throws PermanentError for a directory that has none, EnvironmentError for one that cannot be looked into.
void require_group(const std::string& directory);
// Creates the index in the directory, a descriptor, and has it reach the disk if `sync`. Returns the checksum of what
// it wrote. Throws EnvironmentError.
std::uint64_t write_group_index(int directory, GroupIndex index, bool sync);
// Throws PermanentError (damaged, of an unknown version, contradictory), EnvironmentError.
GroupIndex read_group_index(const std::string& directory);
// Only if it has that checksum.
GroupIndex read_group_index(const std::string& directory, std::uint64_t checksum);
// The same for the bytes of an index; `name` is what messages call it.
GroupIndex parse_group_index(std::span<const std::uint8_t> bytes, const std::string& name);
// Where the file of the process at this place is.
std::string member_path(const std::string& directory, const GroupIndex& index, std::size_t place);
// The same, open, of one that has not ended. Throws as Reader::open(), and PermanentError if it is another than the
// index says.
Reader open_member(const std::string& directory, const GroupIndex& index, std::size_t place);

}  // namespace cairn::context
