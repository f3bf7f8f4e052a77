// SPDX-License-Identifier: Apache-2.0
// Intercommunicators. In front of MPI_Intercomm_create both groups gather, as they do in front of
// MPI_Comm_create_group: the call is collective over all of them, and has the door of none of their communicators. So
// it must not use them for collective steps, between which an admission might come. It has others for that time, which
// all members make together: the library lets one of several threads after the other make a communicator, in the order
// of the numbers of those that they make it of, and waits for ever if a number is not the same at all members.
#include <algorithm>
#include <vector>

#include "mpi/crcp/letters.hpp"
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/group/members.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

constexpr const char* kName = "MPI_Intercomm_create";

struct Arguments {
  MPI_Comm local;
  int local_leader;
  MPI_Comm peer;
  int remote_leader, tag;

  bool is_leader() const { return local->rank == local_leader; }
  // The library refuses others in words of its own; what only the leader's arguments mean, only it knows.
  bool are_right() const {
    if (!usable(local) || local->inter || local_leader < 0 || local_leader >= local->size) return false;
    if (!is_leader()) return true;
    return usable(peer) && !peer->inter && remote_leader >= 0 && remote_leader < peer->size && tag >= 0;
  }
};

// Waits in the library for processes that no door brings there.
int create_with_outsiders(const Arguments& a, MPI_Comm* out) {
  return comm_create<crcp::AwaitsOutsiders>(a.local, out, {}, kName, [&](RealComm** made) {
    return cross(real.Intercomm_create, to_real(a.local), a.local_leader, to_real(a.peer), a.remote_leader, a.tag,
                 made);
  });
}

// Two threads of a rank may be here at a time, with the same others: each needs a tag of its own on the channel.
int own_tag(std::uint64_t meeting) noexcept {
  int* most = nullptr;
  int known = 0;
  cross(real.Comm_get_attr, real_objects.comm_world, MPI_TAG_UB, static_cast<void*>(&most), &known);
  const std::uint64_t few = crcp::kFirstTag, many = known != 0 ? static_cast<std::uint64_t>(*most) + 1 : few;
  const std::uint64_t from = many > crcp::kBehindTags + few ? crcp::kBehindTags : 0;
  return static_cast<int>(from + meeting / 2 % (from != 0 ? many - from : few));
}

// Behind the door.
int create_together(const Arguments& a, const crcp::TwoGroups& call, RealComm** made) {
  std::vector<std::int32_t> all = call.remote;
  all.insert(all.end(), a.local->members->world, a.local->members->world + a.local->size);
  std::sort(all.begin(), all.end());
  const auto other =
      std::lower_bound(all.begin(), all.end(), call.remote_leader);  // tells something to the leader only
  const bool has_first = std::find(call.remote.begin(), call.remote.end(), all[0]) == call.remote.end();
  RealComm *both = real_objects.comm_null, *own = real_objects.comm_null;
  int rc =
      make_real_comm(crcp::letters_channel(), all.data(), static_cast<int>(all.size()), own_tag(call.identity), &both);
  if (rc != MPI_SUCCESS) return rc;
  rc = cross(real.Comm_split, both, has_first ? 0 : 1, a.local->rank, &own);
  if (rc == MPI_SUCCESS) {
    rc = cross(real.Intercomm_create, own, a.local_leader, both, static_cast<int>(other - all.begin()), 0, made);
    cross(real.Comm_free, &own);
  }
  cross(real.Comm_free, &both);
  return rc;
}

crcp::TwoGroups meeting_of(const Arguments& a) {
  crcp::TwoGroups call{a.local->members, a.local_leader, next_meeting(a.local), 0, kOutsider};
  if (!a.is_leader()) return call;
  call.between = meeting_key(a.peer, a.tag);
  call.remote_leader = a.peer->members->world[a.remote_leader];
  return call;
}

}  // namespace

int PMPI_Intercomm_create(MPI_Comm local, int local_leader, MPI_Comm peer, int remote_leader, int tag,
                          MPI_Comm* newcomm) {
  const Arguments arguments{local, local_leader, peer, remote_leader, tag};
  if (newcomm == nullptr || !arguments.are_right()) return create_with_outsiders(arguments, newcomm);
  // With others than this job's processes there is nothing to agree on; only the leader has to tell the other one.
  if (!arguments.is_leader() && !members_all_local(local->members)) return create_with_outsiders(arguments, newcomm);
  crcp::TwoGroups call = meeting_of(arguments);
  if (!crcp::two_groups_begin(call, kName)) return create_with_outsiders(arguments, newcomm);
  Made made(newcomm);
  Origin origin;
  origin.parent = local;
  origin.meeting = call.identity;
  const int rc = made.settle(create_together(arguments, call, made.place()),
                             [&](RealComm* real_comm) { return comm_adopt(real_comm, origin); });
  crcp::group_call_end();
  return rc == MPI_SUCCESS ? rc : raise(local, rc, kName);
}
CAIRN_MPI_WEAK(MPI_Intercomm_create);

int PMPI_Intercomm_merge(MPI_Comm intercomm, int high, MPI_Comm* newcomm) {
  return comm_create(intercomm, newcomm, {}, "MPI_Intercomm_merge",
                     [&](RealComm** made) { return cross(real.Intercomm_merge, to_real(intercomm), high, made); });
}
CAIRN_MPI_WEAK(MPI_Intercomm_merge);
