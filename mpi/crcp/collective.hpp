// SPDX-License-Identifier: Apache-2.0
// The door in front of every call that is collective (docs/quiesce.md, "The door"), as its callers see it. Guest thread
// pointer; may not throw. Every other entry into the real library stands in a crcp::Section (gate.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "mpi/crcp/mpi_thread.hpp"
#include "mpi/shim/handle.hpp"

namespace cairn::crcp {

// What becomes of the communicator: `ends` if the call frees it, or is the last one on it.
enum class Fate : std::uint8_t { stays, ends };

// Around every call of the real library that is collective over `comm` (creation and destruction of communicators,
// windows and files included). begin() returns when the door is open. Real handles are fetched after begin() (a restart
// may happen while it waits). comm_created() and comm_freed() (communicators.hpp) are called before end(), so that a
// cut never falls between the real object and its handle. `name` is a literal, `frame` is CAIRN_CALL_FRAME or null. Not
// called for communicators that are not usable().
void collective_begin(ompi_communicator_t& comm, const char* name, const void* frame, Fate fate = Fate::stays) noexcept;
void collective_end(ompi_communicator_t& comm) noexcept;

// The same for a non-blocking collective, which must not wait. True: the door is open, as after collective_begin().
// False: it is not; the call is counted in its place, a section has begun, and the caller records what is to be called
// when the door opens (p2p::record_collective()), which ends the section.
bool collective_begin_or_defer(ompi_communicator_t& comm, const char* name) noexcept;

// Around calls that may take long, or wait for other ranks, and have no communicator whose members could be counted:
// those of windows, and those of files that one rank makes alone. No door, and no section either: the lock is not held,
// so that a request finds its way to this rank; a window refuses it by its name, a call of a file ends by itself. `of`,
// for texts: the communicator of the file's own, or null.
void inside_begin(const char* name, const ompi_communicator_t* of, const void* frame) noexcept;
void inside_end() noexcept;

// Around the door of a call that waits inside for processes which are not members of its communicator: of another
// group, or another job. No door brings them there, and some of them may be held: a request that meets such a call, or
// one that is about to begin, is refused by its name.
class AwaitsOutsiders {
 public:
  explicit AwaitsOutsiders(const char* name) noexcept { say(name); }
  ~AwaitsOutsiders() { say(nullptr); }
  AwaitsOutsiders(const AwaitsOutsiders&) = delete;
  AwaitsOutsiders& operator=(const AwaitsOutsiders&) = delete;

 private:
  static void say(const char* name) noexcept {
    mpi_thread_for_certain().awaits_outsiders.store(name, std::memory_order_relaxed);
  }
};

// Around MPI_Comm_create_group, which is collective over a group without a communicator. `identity` is the same at all
// members, and not 0; `members` are the group's, null if there is no such group. Handles as with collective_begin().
void group_call_begin(std::uint64_t identity, const shim::MemberList* members, const char* name) noexcept;
void group_call_end() noexcept;

// A call of MPI_Intercomm_create, in which two groups meet that do not know each other.
struct TwoGroups {
  const shim::MemberList* own;
  std::int32_t leader;         // in `own`
  std::uint64_t number;        // of the call, the same in all of `own`, and no other call's
  std::uint64_t between;       // leader: what both leaders know, and call no other meeting of theirs at the same time
  std::int32_t remote_leader;  // leader: rank in MPI_COMM_WORLD

  // Found out:
  bool together = false;       // both groups are of this job's processes only, and none is in both
  std::uint64_t identity = 0;  // of the call, the same in both groups
  std::vector<std::int32_t> remote = {};
};
// The same around it, with group_call_end(), if they are together. False if not: nothing has begun.
bool two_groups_begin(TwoGroups& call, const char* name) noexcept;

}  // namespace cairn::crcp
