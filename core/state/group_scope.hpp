// SPDX-License-Identifier: Apache-2.0
// What a process is told of the group that it is saved in (docs/groups.md): who leads, and, once all stand, what the
// members have in common, and who of them saves it. Plain values; ordinary code, on the thread that takes the
// checkpoint.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/abi/checkpoint_scope.hpp"
#include "core/abi/control_protocol.hpp"

namespace cairn::state {

// What a process was started with at 0, 1 and 2.
using StandardFiles = std::array<cairn_control_file, 3>;

struct MemberDescriptor {
  std::int32_t pid = 0, number = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(pid, number);
  }
};

// An open file description that several members have. The first of them saves it.
struct CommonDescription {
  std::vector<MemberDescriptor> places;
  template <class Archive>
  void fields(Archive& a) {
    a(places);
  }
};

// A pipe, a socket, a pseudo-terminal or a file without a path that some member has open.
struct MemberFile {
  std::uint64_t device = 0, inode = 0;
  std::int32_t owner = 0;              // the member that saves its content
  bool nameless = false;               // no pipe or socket
  bool reads = false, writes = false;  // a member has it open that way; of a terminal: has the slave, the master
  std::string outside;                 // who else has it open, "process 4711 (make)"; empty: nobody
  template <class Archive>
  void fields(Archive& a) {
    a(device, inode, owner, nameless, reads, writes, outside);
  }
};

// What a member shows of shared memory without a path, in bytes of that memory.
struct MemberRange {
  std::int32_t pid = 0;
  std::uint64_t offset = 0, length = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(pid, offset, length);
  }
};

struct MemberMemory {
  std::uint64_t device = 0, inode = 0;  // as /proc/PID/maps shows them
  std::vector<MemberRange> ranges;      // in the order of the members: the first that shows a byte saves it
  std::string outside;                  // as of files
  template <class Archive>
  void fields(Archive& a) {
    a(device, inode, ranges, outside);
  }
};

struct GroupSharing {
  std::vector<CommonDescription> descriptions;
  std::vector<MemberFile> files;     // by device and inode
  std::vector<MemberMemory> memory;  // by device and inode
  // The members, and those of their children that have ended and not been waited for.
  std::vector<std::int32_t> processes;
  std::vector<std::int32_t> woken;       // members that were stopped, and had to be woken
  std::vector<std::int32_t> stops_seen;  // those of them whose stop their parents know
  template <class Archive>
  void fields(Archive& a) {
    a(descriptions, files, memory, processes, woken, stops_seen);
  }
  bool has_process(std::int32_t pid) const;
  // Null if there is none.
  const MemberFile* file(std::uint64_t device, std::uint64_t inode) const;
  // Of files without a path. `any_device`: where there is none of that device, one of another will do.
  const MemberFile* nameless(std::uint64_t device, std::uint64_t inode, bool any_device) const;
  const MemberMemory* memory_of(std::uint64_t device, std::uint64_t inode) const;
  // Has the member a description or memory in common with others?
  bool concerns(std::int32_t pid) const;
  // Of those of its descriptors whose descriptions another member saves, by number: which descriptor of whom.
  std::map<std::int32_t, MemberDescriptor> saved_by_others(std::int32_t pid) const;
};

struct GroupScope {
  pid_t leader = 0;
  StandardFiles standard{};               // of the leader: what a restart has there for all
  const GroupSharing* sharing = nullptr;  // null: not all stand
  int message = -1;                       // for who leads: the same, as its members are told it
  Scope scope = Scope::tree;              // of the request
};

// While there is one, the checkpoint that is taken is one of a group. It keeps `scope` by reference.
class InGroup {
 public:
  explicit InGroup(const GroupScope& scope) noexcept;
  ~InGroup();
  InGroup(const InGroup&) = delete;
  InGroup& operator=(const InGroup&) = delete;
};

// Null: of the process alone.
const GroupScope* group_scope() noexcept;
// Null: alone, or not all stand.
const GroupSharing* group_sharing() noexcept;
// True while it is not known yet what the members have in common: nothing is refused for what somebody else may have.
bool sharing_is_open() noexcept;

}  // namespace cairn::state
