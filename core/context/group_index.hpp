// SPDX-License-Identifier: Apache-2.0
// The index of a directory that holds a group of processes: who they are, and which context file is whose
// (docs/context-format.md). A reader takes every byte for hostile. Ordinary code, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::context {

struct GroupProcess {
  std::int32_t pid = 0, parent = 0, group = 0, session = 0;  // as the processes saw them
  bool ended = false;                                        // and not waited for: it has no file
  std::int32_t status = 0;                                   // then: as wait() tells it
  std::string name;                                          // of its program
  std::uint64_t checksum = 0;                                // of its file's index, as in the trailer
  template <class Archive>
  void fields(Archive& a) {
    a(pid, parent, group, session, ended, status, name, checksum);
  }
};

struct GroupIndex {
  std::vector<GroupProcess> processes;  // parents before their children; the first leads
  template <class Archive>
  void fields(Archive& a) {
    a(processes);
  }
};

inline constexpr char group_index_name[] = "group";
inline constexpr char group_objects_name[] = "objects";
// "4711.ctx"
std::string group_file_name(std::int32_t pid);
// A name that can be in the directory of a group.
bool is_group_name(const std::string& name);

// True for a directory that has an index.
bool is_group(const std::string& directory);
// Creates the index in the directory, a descriptor, and has it reach the disk if `sync`. Throws EnvironmentError.
void write_group_index(int directory, GroupIndex index, bool sync);
// Throws PermanentError (damaged, of an unknown version, contradictory), EnvironmentError.
GroupIndex read_group_index(const std::string& directory);

}  // namespace cairn::context
