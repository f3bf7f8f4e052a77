// SPDX-License-Identifier: Apache-2.0
// Creation and destruction of communicators within the job.
#include "mpi/shim/objects/communicator/create.hpp"

#include <utility>

#include "mpi/crcp/communicators.hpp"
#include "mpi/p2p/references.hpp"
#include "mpi/shim/fortran.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/communicator/held.hpp"
#include "mpi/shim/objects/errhandler/errhandler.hpp"
#include "mpi/shim/objects/group/members.hpp"
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

class GroupCallScope {
 public:
  GroupCallScope(MPI_Comm comm, MPI_Group group, int tag, const char* name) noexcept {
    const bool right = usable(comm) && !comm->inter && group != nullptr;  // else the library has its words for it
    const MemberList* const members = right ? group->members : nullptr;
    crcp::group_call_begin(group_call_identity(comm, group, tag), members, name);
  }
  ~GroupCallScope() { crcp::group_call_end(); }
  GroupCallScope(const GroupCallScope&) = delete;
  GroupCallScope& operator=(const GroupCallScope&) = delete;
};

// A duplicate also gets the attributes and the hints.
int finish_duplicate(MPI_Comm parent, MPI_Comm* out, MPI_Info hints, const char* name) {
  (*out)->info = hints;
  const int rc = attributes_copy(attribute_owner(parent), attribute_owner(*out));
  if (rc == MPI_SUCCESS) return rc;
  // The other members have theirs: a collective free is not possible, and after a restart all members make it again.
  *out = MPI_COMM_NULL;
  return raise(parent, rc, name);
}

Origin duplicate_of(MPI_Comm parent) {
  Origin origin;
  if (usable(parent) && !parent->inter) origin.same_members = parent->members;
  if (usable(parent)) origin.same_shape = parent->shape;
  return origin;
}

using FreeFunction = decltype(RealFunctions::Comm_free);

// Requests still need it. Disconnecting means to wait for the others all the same, and to be without them afterwards.
int hold_back(ompi_communicator_t* comm, FreeFunction RealFunctions::*function) {
  int rc = MPI_SUCCESS;
  if (function == &RealFunctions::Comm_disconnect) {
    RealComm* gone = to_real(comm);
    if (!members_all_local(comm->members) || !members_all_local(comm->remote_members)) {
      rc = cross(real.*function, &gone);
      comm->real = gone;
    } else {
      rc = cross(real.Barrier, gone);
    }
  }
  if (rc == MPI_SUCCESS) comm_hold_back(comm);
  return rc;
}

int let_go(ompi_communicator_t* comm, FreeFunction RealFunctions::*function) {
  comm_reap_held();
  if (p2p::need_of(*comm) != p2p::Need::none) return hold_back(comm, function);
  RealComm* gone = to_real(comm);
  const int rc = cross(real.*function, &gone);
  if (rc == MPI_SUCCESS) comm_release(comm);
  return rc;
}

// A restart may come while the door is closed: the function is looked up behind it.
int destroy(MPI_Comm* comm, FreeFunction RealFunctions::*function, const char* name) {
  if (comm == nullptr || !usable(*comm) || (*comm)->predefined) return raise(MPI_COMM_WORLD, MPI_ERR_COMM, name);
  ompi_communicator_t* object = *comm;
  if (const int rc = attributes_delete_all(attribute_owner(object)); rc != MPI_SUCCESS) return raise(object, rc, name);
  int rc;
  {
    CollectiveScope scope(object, name, crcp::Fate::ends);
    // Before the door is left: a checkpoint finds it gone at every member or at none.
    rc = let_go(object, function);
  }
  if (rc != MPI_SUCCESS) return raise(object, rc, name);
  *comm = MPI_COMM_NULL;
  return MPI_SUCCESS;
}

}  // namespace

int cairn::shim::comm_duplicate(MPI_Comm parent, MPI_Comm* out, const char* name) {
  return comm_create(parent, out, duplicate_of(parent), name,
                     [&](RealComm** made) { return cross(real.Comm_dup, to_real(parent), made); });
}

int cairn::shim::comm_free_inside(MPI_Comm comm) { return let_go(comm, &RealFunctions::Comm_free); }

int PMPI_Comm_dup(MPI_Comm comm, MPI_Comm* newcomm) {
  const int rc = comm_duplicate(comm, newcomm, "MPI_Comm_dup");
  return rc == MPI_SUCCESS ? finish_duplicate(comm, newcomm, info_copy(comm->info), "MPI_Comm_dup") : rc;
}
CAIRN_MPI_WEAK(MPI_Comm_dup);

int PMPI_Comm_dup_with_info(MPI_Comm comm, MPI_Info info, MPI_Comm* newcomm) {
  const int rc = comm_create(comm, newcomm, duplicate_of(comm), "MPI_Comm_dup_with_info", [&](RealComm** made) {
    const InfoScope real_info(info);
    return cross(real.Comm_dup_with_info, to_real(comm), real_info.get(), made);
  });
  if (rc != MPI_SUCCESS) return rc;
  ompi_info_t* hints = nullptr;
  if (usable(info)) {
    const crcp::Brief brief;
    hints = comm_hints(*newcomm);
  }
  return finish_duplicate(comm, newcomm, hints, "MPI_Comm_dup_with_info");
}
CAIRN_MPI_WEAK(MPI_Comm_dup_with_info);

int PMPI_Comm_create(MPI_Comm comm, MPI_Group group, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {}, "MPI_Comm_create",
                     [&](RealComm** made) { return cross(real.Comm_create, to_real(comm), to_real(group), made); });
}
CAIRN_MPI_WEAK(MPI_Comm_create);

// Collective over the group only, so the parent's door is not the right one.
int PMPI_Comm_create_group(MPI_Comm comm, MPI_Group group, int tag, MPI_Comm* newcomm) {
  int rc;
  {
    const GroupCallScope scope(comm, group, tag, "MPI_Comm_create_group");
    Made made(newcomm);
    Origin origin;
    origin.parent = usable(comm) ? comm : nullptr;
    origin.group_call = true;
    origin.tag = tag;
    rc = made.settle(cross(real.Comm_create_group, to_real(comm), to_real(group), tag, made.place()),
                     [&](RealComm* real_comm) { return comm_adopt(real_comm, origin); });
  }
  return rc == MPI_SUCCESS ? rc : raise(comm, rc, "MPI_Comm_create_group");
}
CAIRN_MPI_WEAK(MPI_Comm_create_group);

int PMPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {}, "MPI_Comm_split",
                     [&](RealComm** made) { return cross(real.Comm_split, to_real(comm), color, key, made); });
}
CAIRN_MPI_WEAK(MPI_Comm_split);

int PMPI_Comm_split_type(MPI_Comm comm, int split_type, int key, MPI_Info info, MPI_Comm* newcomm) {
  return comm_create(comm, newcomm, {}, "MPI_Comm_split_type", [&](RealComm** made) {
    const InfoScope real_info(info);
    return cross(real.Comm_split_type, to_real(comm), split_type, key, real_info.get(), made);
  });
}
CAIRN_MPI_WEAK(MPI_Comm_split_type);

int PMPI_Comm_free(MPI_Comm* comm) { return destroy(comm, &RealFunctions::Comm_free, "MPI_Comm_free"); }
CAIRN_MPI_WEAK(MPI_Comm_free);

int PMPI_Comm_disconnect(MPI_Comm* comm) {
  return destroy(comm, &RealFunctions::Comm_disconnect, "MPI_Comm_disconnect");
}
CAIRN_MPI_WEAK(MPI_Comm_disconnect);

// ---- MPI_Comm_idup: the real handle appears when the request completes, in `real` of the guest's one. At a cut all
// such requests are complete or have not begun, as those of other collectives.
namespace {

LiveList<ompi_communicator_t> unfinished;

void leave_unfinished(ompi_communicator_t* comm) noexcept {
  const crcp::InnerLock lock;
  unfinished.remove(comm);
  store<ompi_communicator_t>().live.add(comm);
}

void duplicate_done(ompi_communicator_t* comm) noexcept {
  leave_unfinished(comm);
  crcp::comm_created(*comm);
}

void duplicate_failed(ompi_communicator_t* comm) noexcept {
  leave_unfinished(comm);
  comm_release(comm);
}

ompi_communicator_t* prepare_duplicate(MPI_Comm parent) {
  ompi_communicator_t* comm;
  {
    const TableLock lock;
    comm = store<ompi_communicator_t>().pool.allocate(Kind::comm);
  }
  {
    const crcp::InnerLock lock;  // a restart knows another null handle: it gets that, too
    comm->real = real_objects.comm_null;
    unfinished.add(comm);
  }
  comm->rank = parent->rank;
  comm->size = parent->size;
  comm->remote_size = parent->remote_size;
  comm->inter = parent->inter;
  comm->members = members_share(parent->members);
  comm->remote_members = members_share(parent->remote_members);
  comm->shape = shape_share(parent->shape);
  bindings_show(*comm);
  comm->errhandler = errhandler_share(parent->errhandler);
  comm->info = info_copy(parent->info);
  Origin origin;
  origin.parent = parent;
  comm->identity = next_identity(origin, comm->members, comm->remote_members);
  return comm;
}

// The call; kept by its request if the door is closed, and dropped when that is complete.
class Duplication {
 public:
  Duplication(MPI_Comm parent, ompi_communicator_t* made) noexcept : parent_(parent), made_(made) {}
  Duplication(Duplication&& other) noexcept
      : parent_(other.parent_), made_(other.made_), begun_(std::exchange(other.begun_, false)) {}
  ~Duplication() {
    if (begun_) duplicate_done(made_);
  }
  int operator()(RealRequest** request) noexcept {
    const int rc = cross(real.Comm_idup, to_real(parent_), reinterpret_cast<RealComm**>(&made_->real), request);
    begun_ = rc == MPI_SUCCESS;
    return rc;
  }
  static void done(void* duplication) noexcept { delete static_cast<Duplication*>(duplication); }

 private:
  MPI_Comm parent_;
  ompi_communicator_t* made_;
  bool begun_ = false;
};

}  // namespace

ompi_communicator_t* cairn::shim::first_unfinished() noexcept { return unfinished.head(); }

int PMPI_Comm_idup(MPI_Comm comm, MPI_Comm* newcomm, MPI_Request* request) {
  if (!usable(comm)) return raise(MPI_COMM_WORLD, MPI_ERR_COMM, "MPI_Comm_idup");
  if (newcomm == nullptr || request == nullptr) return raise(comm, MPI_ERR_ARG, "MPI_Comm_idup");
  int rc = MPI_SUCCESS;
  ompi_communicator_t* const made = prepare_duplicate(comm);
  {
    CollectiveScope scope(comm, "MPI_Comm_idup", CollectiveScope::Deferrable{});
    if (scope.deferred()) {
      *request = scope.record(Duplication(comm, made), p2p::RequestKind::comm_dup);
    } else {
      Duplication duplication(comm, made);
      RealRequest* pending = real_objects.request_null;
      rc = duplication(&pending);
      if (rc == MPI_SUCCESS)
        *request = p2p::adopt_request(pending, p2p::RequestKind::comm_dup, comm,
                                      {Duplication::done, new Duplication(std::move(duplication))});
    }
    if (rc == MPI_SUCCESS)
      *newcomm = made;
    else
      duplicate_failed(made);
  }
  if (rc == MPI_SUCCESS) rc = attributes_copy(attribute_owner(comm), attribute_owner(made));
  return rc == MPI_SUCCESS ? rc : raise(comm, rc, "MPI_Comm_idup");
}
CAIRN_MPI_WEAK(MPI_Comm_idup);
