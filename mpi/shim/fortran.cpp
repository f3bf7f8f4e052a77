// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/fortran.hpp"

#include <cstring>
#include <vector>

#include "mpi/p2p/request.hpp"
#include "mpi/shim/objects/topology/topology.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr std::int32_t kRealErrhandlerOfComm = 1;

// Bits of the real c_flags.
constexpr std::uint32_t kRealInter = 0x1, kRealCartesian = 0x100, kRealGraph = 0x200;

struct Table {
  std::vector<Handle*> entries;
  std::vector<MPI_Fint> free;
};

Table& table(Kind kind) {
  static Table* const tables = new Table[kKinds];
  return tables[static_cast<int>(kind)];
}

// Where libmpi_mpifh reads the index by itself.
void set_index(Handle* handle, MPI_Fint index) noexcept {
  handle->fortran = index;
  if (handle->kind == Kind::group) static_cast<ompi_group_t*>(handle)->fortran_index = index;
  if (handle->kind == Kind::request) static_cast<ompi_request_t*>(handle)->fortran_index = index;
}

void put(Handle* handle, MPI_Fint index) {
  Table& t = table(handle->kind);
  if (index < 0) return;
  if (t.entries.size() <= static_cast<std::size_t>(index)) t.entries.resize(static_cast<std::size_t>(index) + 1);
  t.entries[static_cast<std::size_t>(index)] = handle;
  set_index(handle, index);
}

template <class T>
MPI_Fint ask(const RealFunction<MPI_Fint(T*)>& c2f, Handle* handle) {
  return cross(c2f, static_cast<T*>(handle->real));
}

MPI_Fint ask_real(Handle* handle) {
  switch (handle->kind) {
    case Kind::comm:
      return ask(real.Comm_c2f, handle);
    case Kind::group:
      return ask(real.Group_c2f, handle);
    case Kind::datatype:
      return ask(real.Type_c2f, handle);
    case Kind::op:
      return ask(real.Op_c2f, handle);
    case Kind::errhandler:
      return ask(real.Errhandler_c2f, handle);
    case Kind::info:
      return ask(real.Info_c2f, handle);
    case Kind::request:
      return ask(real.Request_c2f, handle);
    case Kind::message:
      return ask(real.Message_c2f, handle);
    case Kind::win:
      return ask(real.Win_c2f, handle);
    case Kind::file:
      return ask(real.File_c2f, handle);
  }
  return -1;
}

}  // namespace

void fortran_learn_predefined() {
  for (int i = 0; i < predefined_count; ++i) put(predefined_objects[i].handle, ask_real(predefined_objects[i].handle));
}

MPI_Fint fortran_index(Handle* handle) {
  if (handle == nullptr || handle->magic != kHandleMagic) return -1;
  const TableLock lock;
  if (handle->fortran != kNoFortranIndex) return handle->fortran;
  Table& t = table(handle->kind);
  MPI_Fint index = static_cast<MPI_Fint>(t.entries.size());
  if (!t.free.empty()) {
    index = t.free.back();
    t.free.pop_back();
  }
  put(handle, index);
  return index;
}

Handle* fortran_handle(Kind kind, MPI_Fint index) noexcept {
  const TableLock lock;
  const Table& t = table(kind);
  return index < 0 || static_cast<std::size_t>(index) >= t.entries.size() ? nullptr
                                                                          : t.entries[static_cast<std::size_t>(index)];
}

void fortran_release(Handle* handle) noexcept {
  const TableLock lock;
  if (handle->fortran == kNoFortranIndex) return;
  Table& t = table(handle->kind);
  t.entries[static_cast<std::size_t>(handle->fortran)] = nullptr;
  t.free.push_back(handle->fortran);
  set_index(handle, kNoFortranIndex);
}

void bindings_show(ompi_communicator_t& comm) noexcept {
  comm.fortran_groups[0].size = comm.size;
  comm.fortran_groups[1].size = comm.remote_size;
  const int topology = comm.shape == nullptr ? MPI_UNDEFINED : comm.shape->topology->status;
  comm.binding_flags = comm.inter              ? kRealInter
                       : topology == MPI_CART  ? kRealCartesian
                       : topology == MPI_GRAPH ? kRealGraph
                                               : 0;
  comm.fortran_local = &comm.fortran_groups[0];
  comm.fortran_remote = &comm.fortran_groups[comm.inter ? 1 : 0];
  comm.errhandler_kind = kRealErrhandlerOfComm;
}

}  // namespace cairn::shim

using cairn::shim::fortran_handle;
using cairn::shim::fortran_index;
using cairn::shim::Kind;

// An unknown integer gives a null pointer, as in the real library.
#define CAIRN_C2F_F2C(Type, Object, kind)                                                                     \
  MPI_Fint PMPI_##Type##_c2f(Object handle) { return fortran_index(handle); }                                 \
  CAIRN_MPI_WEAK(MPI_##Type##_c2f);                                                                           \
  Object PMPI_##Type##_f2c(MPI_Fint index) { return static_cast<Object>(fortran_handle(Kind::kind, index)); } \
  CAIRN_MPI_WEAK(MPI_##Type##_f2c)

CAIRN_C2F_F2C(Comm, MPI_Comm, comm);
CAIRN_C2F_F2C(Group, MPI_Group, group);
CAIRN_C2F_F2C(Type, MPI_Datatype, datatype);
CAIRN_C2F_F2C(Op, MPI_Op, op);
CAIRN_C2F_F2C(Errhandler, MPI_Errhandler, errhandler);
CAIRN_C2F_F2C(Info, MPI_Info, info);
CAIRN_C2F_F2C(Request, MPI_Request, request);
CAIRN_C2F_F2C(Message, MPI_Message, message);
CAIRN_C2F_F2C(Win, MPI_Win, win);
CAIRN_C2F_F2C(File, MPI_File, file);

// A Fortran status has the same bytes as the C one.
int PMPI_Status_c2f(const MPI_Status* c_status, MPI_Fint* f_status) {
  if (c_status == nullptr || c_status == MPI_STATUS_IGNORE || f_status == nullptr) return MPI_ERR_IN_STATUS;
  std::memcpy(f_status, c_status, sizeof *c_status);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Status_c2f);

int PMPI_Status_f2c(const MPI_Fint* f_status, MPI_Status* c_status) {
  if (f_status == nullptr || c_status == nullptr) return MPI_ERR_IN_STATUS;
  std::memcpy(c_status, f_status, sizeof *c_status);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Status_f2c);
