// SPDX-License-Identifier: Apache-2.0
// Windows: the handles' side. Data movement is generated. A window keeps the job from being checkpointed.
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/ask.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/errhandler/errhandler.hpp"
#include "mpi/shim/objects/group/members.hpp"
#include "mpi/shim/objects/names.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

void window_rebind() noexcept { store<ompi_win_t>().pool.rebind(real_objects.win_null); }

std::size_t window_obstacle(char* text, std::size_t capacity) {
  const ompi_win_t* first = store<ompi_win_t>().live.head();
  return first == nullptr ? 0
                          : describe_obstacle(text, capacity, "a window", first->name, "MPI_Win_create or _allocate");
}

}  // namespace cairn::shim

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

void copy_number(ompi_win_t* win, int key, int otherwise) {
  Attribute a{};
  a.form = AttributeForm::integer;
  a.integer = ask<int>(to_real(win), key, otherwise);
  attribute_set(attribute_owner(win), key, a, true);
}

void copy_attributes(ompi_win_t* win, int flavor) {
  const AttributeOwner owner = attribute_owner(win);
  Attribute base{};
  base.form = AttributeForm::pointer;
  base.pointer = ask_base(to_real(win));
  attribute_set(owner, MPI_WIN_BASE, base, true);
  Attribute size{};
  size.form = AttributeForm::address;
  size.address = ask<MPI_Aint>(to_real(win), MPI_WIN_SIZE, 0);
  attribute_set(owner, MPI_WIN_SIZE, size, true);
  copy_number(win, MPI_WIN_DISP_UNIT, 1);
  copy_number(win, MPI_WIN_CREATE_FLAVOR, flavor);
  copy_number(win, MPI_WIN_MODEL, MPI_WIN_UNIFIED);
}

MPI_Win adopt(RealWin* made, MPI_Comm comm, int flavor) {
  ompi_win_t* win;
  {
    const crcp::InnerLock lock;
    win = store<ompi_win_t>().pool.allocate(Kind::win);
    store<ompi_win_t>().live.add(win);
  }
  win->real = made;
  win->comm = comm;
  win->members = members_share(comm->members);
  win->errhandler = predefined<ompi_errhandler_t>(ompi_mpi_errors_are_fatal);
  cross(real.Win_set_errhandler, made, real_objects.errors_return);
  copy_attributes(win, flavor);
  return win;
}

template <class Call>
int create(MPI_Comm comm, MPI_Info info, MPI_Win* out, int flavor, const char* name, Call&& call) {
  int rc;
  {
    CollectiveScope scope(comm, name);
    const InfoScope real_info(info);
    RealWin* made = real_objects.win_null;
    rc = call(real_info.get(), out == nullptr ? nullptr : &made);
    if (rc == MPI_SUCCESS) *out = adopt(made, comm, flavor);
  }
  return rc == MPI_SUCCESS ? rc : raise(comm, rc, name);
}

}  // namespace

int PMPI_Win_create(void* base, MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, MPI_Win* win) {
  return create(comm, info, win, MPI_WIN_FLAVOR_CREATE, "MPI_Win_create", [&](RealInfo* real_info, RealWin** made) {
    return cross(real.Win_create, base, size, disp_unit, real_info, to_real(comm), made);
  });
}
CAIRN_MPI_WEAK(MPI_Win_create);

int PMPI_Win_create_dynamic(MPI_Info info, MPI_Comm comm, MPI_Win* win) {
  return create(comm, info, win, MPI_WIN_FLAVOR_DYNAMIC, "MPI_Win_create_dynamic",
                [&](RealInfo* real_info, RealWin** made) {
                  return cross(real.Win_create_dynamic, real_info, to_real(comm), made);
                });
}
CAIRN_MPI_WEAK(MPI_Win_create_dynamic);

// The memory is the real library's, which has ways of its own for it: on one process it makes no windows otherwise.
int PMPI_Win_allocate(MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, void* baseptr, MPI_Win* win) {
  if (baseptr == nullptr || win == nullptr) return raise(comm, MPI_ERR_ARG, "MPI_Win_allocate");
  return create(comm, info, win, MPI_WIN_FLAVOR_ALLOCATE, "MPI_Win_allocate", [&](RealInfo* real_info, RealWin** made) {
    return cross(real.Win_allocate, size, disp_unit, real_info, to_real(comm), baseptr, made);
  });
}
CAIRN_MPI_WEAK(MPI_Win_allocate);

int PMPI_Win_allocate_shared(MPI_Aint size, int disp_unit, MPI_Info info, MPI_Comm comm, void* baseptr, MPI_Win* win) {
  if (baseptr == nullptr || win == nullptr) return raise(comm, MPI_ERR_ARG, "MPI_Win_allocate_shared");
  return create(comm, info, win, MPI_WIN_FLAVOR_SHARED, "MPI_Win_allocate_shared",
                [&](RealInfo* real_info, RealWin** made) {
                  return cross(real.Win_allocate_shared, size, disp_unit, real_info, to_real(comm), baseptr, made);
                });
}
CAIRN_MPI_WEAK(MPI_Win_allocate_shared);

int PMPI_Win_shared_query(MPI_Win win, int rank, MPI_Aint* size, int* disp_unit, void* baseptr) {
  return section_call(win, "MPI_Win_shared_query",
                      [&] { return cross(real.Win_shared_query, to_real(win), rank, size, disp_unit, baseptr); });
}
CAIRN_MPI_WEAK(MPI_Win_shared_query);

// Collective, but not behind a door: the window has no communicator of its own, and while it is there no checkpoint is.
int PMPI_Win_free(MPI_Win* win) {
  if (win == nullptr || !usable(*win)) return raise(MPI_COMM_WORLD, MPI_ERR_WIN, "MPI_Win_free");
  ompi_win_t* object = *win;
  if (const int rc = attributes_delete_all(attribute_owner(object)); rc != MPI_SUCCESS)
    return raise(object, rc, "MPI_Win_free");
  int rc;
  {
    const InsideScope scope("MPI_Win_free");
    RealWin* gone = to_real(object);
    rc = cross(real.Win_free, &gone);
  }
  if (rc != MPI_SUCCESS) return raise(object, rc, "MPI_Win_free");
  members_drop(object->members);
  errhandler_drop(object->errhandler);
  const crcp::InnerLock lock;
  store<ompi_win_t>().live.remove(object);
  store<ompi_win_t>().pool.release(object, real_objects.win_null);
  *win = MPI_WIN_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Win_free);

int PMPI_Win_get_group(MPI_Win win, MPI_Group* group) {
  return ask_group(win, &RealFunctions::Win_get_group, group, &ompi_win_t::members, "MPI_Win_get_group");
}
CAIRN_MPI_WEAK(MPI_Win_get_group);

int PMPI_Win_get_info(MPI_Win win, MPI_Info* info) {
  return ask_info(win, &RealFunctions::Win_get_info, info, "MPI_Win_get_info");
}
CAIRN_MPI_WEAK(MPI_Win_get_info);

int PMPI_Win_set_name(MPI_Win win, const char* name) { return name_set(win, name, "MPI_Win_set_name"); }
CAIRN_MPI_WEAK(MPI_Win_set_name);

int PMPI_Win_get_name(MPI_Win win, char* name, int* length) { return name_get(win, name, length, "MPI_Win_get_name"); }
CAIRN_MPI_WEAK(MPI_Win_get_name);
