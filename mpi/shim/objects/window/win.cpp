// SPDX-License-Identifier: Apache-2.0
// Windows: the handles' side. One is the shim's own (local_window.hpp) wherever its members are; what cannot be is the
// real library's, and keeps the job from being checkpointed. Data movement is generated for the latter.
#include <cstdio>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/made.hpp"
#include "mpi/shim/objects/ask.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/errhandler/errhandler.hpp"
#include "mpi/shim/objects/group/members.hpp"
#include "mpi/shim/objects/names.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/objects/window/common.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

// What the real library says of a window.
template <class T>
T ask(RealWin* win, int key, T otherwise) {
  T* value = nullptr;
  int flag = 0;
  cross(real.Win_get_attr, win, key, static_cast<void*>(&value), &flag);
  return flag != 0 ? *value : otherwise;
}

void* ask_base(RealWin* win) {
  void* base = nullptr;
  int flag = 0;
  cross(real.Win_get_attr, win, static_cast<int>(MPI_WIN_BASE), static_cast<void*>(&base), &flag);
  return base;
}

void set_number(ompi_win_t* win, int key, int value) {
  Attribute a{};
  a.form = AttributeForm::integer;
  a.integer = value;
  attribute_set(attribute_owner(win), key, a, true);
}

void set_attributes(ompi_win_t* win, const WindowShape& shape) {
  const AttributeOwner owner = attribute_owner(win);
  Attribute base{};
  base.form = AttributeForm::pointer;
  base.pointer = shape.base;
  attribute_set(owner, MPI_WIN_BASE, base, true);
  Attribute size{};
  size.form = AttributeForm::address;
  size.address = shape.bytes;
  attribute_set(owner, MPI_WIN_SIZE, size, true);
  set_number(win, MPI_WIN_DISP_UNIT, shape.unit);
  set_number(win, MPI_WIN_CREATE_FLAVOR, shape.flavor);
  set_number(win, MPI_WIN_MODEL, MPI_WIN_UNIFIED);
}

ompi_win_t* make_handle(ompi_communicator_t* comm) {
  ompi_win_t* win;
  {
    const crcp::InnerLock lock;
    win = store<ompi_win_t>().pool.allocate(Kind::win);
  }
  win->comm = comm;
  win->members = members_share(comm->members);
  win->errhandler = predefined<ompi_errhandler_t>(ompi_mpi_errors_are_fatal);
  return win;
}

// When it is complete: a rank that is asked for obstacles looks at all that are there, while this one goes on.
MPI_Win show(ompi_win_t* win) {
  const crcp::InnerLock lock;
  store<ompi_win_t>().live.add(win);
  return win;
}

MPI_Win adopt(RealWin* made, MPI_Comm comm, int flavor, const char* why) {
  ompi_win_t* const win = make_handle(comm);
  win->real = made;
  win->why = why;
  cross(real.Win_set_errhandler, made, real_objects.errors_return);
  set_attributes(win, {ask<int>(made, MPI_WIN_CREATE_FLAVOR, flavor), ask_base(made),
                       ask<MPI_Aint>(made, MPI_WIN_SIZE, 0), ask<int>(made, MPI_WIN_DISP_UNIT, 1)});
  return show(win);
}

MPI_Win adopt(LocalWindow* local) {
  ompi_win_t* const win = make_handle(local->comm);
  win->real = real_objects.win_null;
  win->local = local;
  std::snprintf(local->comm->name, sizeof local->comm->name, "a window");
  set_attributes(win, local->shape);
  return show(win);
}

// With other arguments the real library says what is wrong.
bool is_well_formed(MPI_Comm comm, MPI_Info info, const MPI_Win* out, const WindowShape& wanted) {
  const bool given = usable(comm) && !comm->inter && out != nullptr && (usable(info) || info == MPI_INFO_NULL);
  return given && wanted.bytes >= 0 && wanted.unit > 0;
}

// Null, or why the members cannot have a window of the shim's. Collective.
const char* create_on(MPI_Comm own, const WindowShape& wanted, MPI_Info info, MPI_Win* out, const char* name) {
  const CollectiveScope scope(own, name, crcp::Fate::ends);
  const MakesExposedMemory exposes;
  auto* const local = new LocalWindow(own, wanted, info);
  const char* const why = local->connect();
  if (why == nullptr) {
    *out = adopt(local);
    std::snprintf(own->name, sizeof own->name, "a window made by %s", name);
  } else {
    delete local;
    comm_free_inside(own);
  }
  return why;
}

// `call` makes a real one.
template <class Call>
int create(MPI_Comm comm, MPI_Info info, MPI_Win* out, const WindowShape& wanted, const char* name, Call&& call) {
  const char* why = "";
  if (is_well_formed(comm, info, out, wanted)) {
    if (!members_all_local(comm->members)) {
      why = "between several jobs";
    } else {
      MPI_Comm own = MPI_COMM_NULL;
      if (const int rc = comm_duplicate(comm, &own, name); rc != MPI_SUCCESS) return rc;
      why = create_on(own, wanted, info, out, name);
      if (why == nullptr) return MPI_SUCCESS;
    }
  }
  int rc;
  {
    CollectiveScope scope(comm, name);
    const InfoScope real_info(info);
    Made made(out);
    rc = made.settle(call(real_info.get(), made.place()),
                     [&](RealWin* win) { return adopt(win, comm, wanted.flavor, why); });
  }
  return rc == MPI_SUCCESS ? rc : raise(comm, rc, name);
}

template <class Call>
int allocate(MPI_Comm comm, MPI_Info info, MPI_Win* out, const WindowShape& wanted, void* baseptr, const char* name,
             Call&& call) {
  if (baseptr == nullptr || out == nullptr) return raise(comm, out == nullptr ? MPI_ERR_WIN : MPI_ERR_ARG, name);
  const int rc = create(comm, info, out, wanted, name, call);
  if (rc == MPI_SUCCESS && is_local(*out)) *static_cast<void**>(baseptr) = (*out)->local->shape.base;
  return rc;
}

}  // namespace

int PMPI_Win_create(void* base, MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, MPI_Win* win) {
  return create(comm, info, win, {MPI_WIN_FLAVOR_CREATE, base, size, disp_unit}, "MPI_Win_create",
                [&](RealInfo* real_info, RealWin** made) {
                  return cross(real.Win_create, base, size, disp_unit, real_info, to_real(comm), made);
                });
}
CAIRN_MPI_WEAK(MPI_Win_create);

int PMPI_Win_create_dynamic(MPI_Info info, MPI_Comm comm, MPI_Win* win) {
  return create(comm, info, win, {MPI_WIN_FLAVOR_DYNAMIC, nullptr, 0, 1}, "MPI_Win_create_dynamic",
                [&](RealInfo* real_info, RealWin** made) {
                  return cross(real.Win_create_dynamic, real_info, to_real(comm), made);
                });
}
CAIRN_MPI_WEAK(MPI_Win_create_dynamic);

// The memory of a real one is the real library's, which has ways of its own for it.
int PMPI_Win_allocate(MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, void* baseptr, MPI_Win* win) {
  return allocate(comm, info, win, {MPI_WIN_FLAVOR_ALLOCATE, nullptr, size, disp_unit}, baseptr, "MPI_Win_allocate",
                  [&](RealInfo* real_info, RealWin** made) {
                    return cross(real.Win_allocate, size, disp_unit, real_info, to_real(comm), baseptr, made);
                  });
}
CAIRN_MPI_WEAK(MPI_Win_allocate);

int PMPI_Win_allocate_shared(MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, void* baseptr, MPI_Win* win) {
  return allocate(comm, info, win, {MPI_WIN_FLAVOR_SHARED, nullptr, size, disp_unit}, baseptr,
                  "MPI_Win_allocate_shared", [&](RealInfo* real_info, RealWin** made) {
                    return cross(real.Win_allocate_shared, size, disp_unit, real_info, to_real(comm), baseptr, made);
                  });
}
CAIRN_MPI_WEAK(MPI_Win_allocate_shared);

namespace {

// MPI_PROC_NULL: the first that has some.
int query_local(const LocalWindow& window, int rank, MPI_Aint* size, int* disp_unit, void* baseptr) {
  if (window.shape.flavor != MPI_WIN_FLAVOR_SHARED) return MPI_ERR_RMA_FLAVOR;
  if (rank != MPI_PROC_NULL && (rank < 0 || rank >= window.size)) return MPI_ERR_RANK;
  int of = rank;
  if (rank == MPI_PROC_NULL)
    for (of = 0; of < window.size - 1 && window.members[static_cast<std::size_t>(of)].bytes == 0;) ++of;
  const WindowMember& member = window.members[static_cast<std::size_t>(of)];
  *size = member.bytes;
  *disp_unit = member.unit;
  *static_cast<void**>(baseptr) = member.seen;
  return MPI_SUCCESS;
}

}  // namespace

int PMPI_Win_shared_query(MPI_Win win, int rank, MPI_Aint* size, int* disp_unit, void* baseptr) {
  return brief_call(win, "MPI_Win_shared_query", [&] {
    if (is_local(win)) return query_local(*win->local, rank, size, disp_unit, baseptr);
    return cross(real.Win_shared_query, to_real(win), rank, size, disp_unit, baseptr);
  });
}
CAIRN_MPI_WEAK(MPI_Win_shared_query);

namespace {

void forget(ompi_win_t* win) {
  members_drop(win->members);
  errhandler_drop(win->errhandler);
  const crcp::InnerLock lock;
  win->local = nullptr;
  store<ompi_win_t>().live.remove(win);
  store<ompi_win_t>().pool.release(win, real_objects.win_null);
}

int free_local(ompi_win_t* win) {
  LocalWindow* const local = win->local;
  ompi_communicator_t* const own = local->comm;
  const CollectiveScope scope(own, "MPI_Win_free", crcp::Fate::ends);
  const int rc = cross(real.Barrier, to_real(own));
  if (rc != MPI_SUCCESS) return rc;
  // Before the door is left: a checkpoint finds it freed at every member or at none.
  const int ended = local->disconnect();
  forget(win);
  delete local;
  const int freed = comm_free_inside(own);
  return ended != MPI_SUCCESS ? ended : freed;
}

// Collective, but not behind a door: the window has no communicator of its own, and while it is there no checkpoint is.
int free_real(ompi_win_t* win) {
  int rc;
  {
    const InsideScope scope("MPI_Win_free");
    RealWin* gone = to_real(win);
    rc = cross(real.Win_free, &gone);
  }
  if (rc == MPI_SUCCESS) forget(win);
  return rc;
}

}  // namespace

int PMPI_Win_free(MPI_Win* win) {
  if (win == nullptr || !usable(*win)) return raise(MPI_COMM_WORLD, MPI_ERR_WIN, "MPI_Win_free");
  ompi_win_t* object = *win;
  int rc = attributes_delete_all(attribute_owner(object));
  if (rc == MPI_SUCCESS) rc = is_local(object) ? free_local(object) : free_real(object);
  if (rc != MPI_SUCCESS) return raise(object, rc, "MPI_Win_free");
  *win = MPI_WIN_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Win_free);

namespace {

int hints_of(const LocalWindow& window, MPI_Info* info) {
  const crcp::Section section;
  if (window.info == nullptr) return PMPI_Info_create(info);
  *info = info_copy(window.info);
  return MPI_SUCCESS;
}

}  // namespace

int PMPI_Win_get_group(MPI_Win win, MPI_Group* group) {
  if (is_local(win) && group == nullptr) return raise(win, MPI_ERR_ARG, "MPI_Win_get_group");
  if (is_local(win)) return PMPI_Comm_group(win->local->comm, group);
  return ask_group(win, &RealFunctions::Win_get_group, group, &ompi_win_t::members, "MPI_Win_get_group");
}
CAIRN_MPI_WEAK(MPI_Win_get_group);

int PMPI_Win_get_info(MPI_Win win, MPI_Info* info) {
  if (is_local(win) && info == nullptr) return raise(win, MPI_ERR_ARG, "MPI_Win_get_info");
  if (is_local(win)) return hints_of(*win->local, info);
  return ask_info(win, win, &RealFunctions::Win_get_info, info, "MPI_Win_get_info");
}
CAIRN_MPI_WEAK(MPI_Win_get_info);

int PMPI_Win_set_name(MPI_Win win, const char* name) {
  const int rc = name_set(win, name, "MPI_Win_set_name");
  if (rc == MPI_SUCCESS && is_local(win))
    std::snprintf(win->local->comm->name, sizeof win->local->comm->name, "the window %.50s", win->name);
  return rc;
}
CAIRN_MPI_WEAK(MPI_Win_set_name);

int PMPI_Win_get_name(MPI_Win win, char* name, int* length) { return name_get(win, name, length, "MPI_Win_get_name"); }
CAIRN_MPI_WEAK(MPI_Win_get_name);
