// SPDX-License-Identifier: Apache-2.0
// Binding to the real library: function pointers, predefined objects, the values of predefined data. Runs in a
// constructor of the library, and again after a restart.
#include "mpi/shim/start.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/abi/host_table.h"
#include "mpi/p2p/request.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

extern "C" {
// Data of the real library that its bindings read (generated/data.S).
extern char ompi_registered_datareps[];
extern MPI_Status ompi_status_empty;
}

namespace cairn::shim {

RealFunctions real;
RealObjects real_objects;

namespace {

[[noreturn]] void die(const char* what, const char* name) {
  std::fprintf(stderr, "cairn: libmpi.so.40: %s%s\n", what, name);
  std::_Exit(1);
}

void* host_symbol(const char* name) {
  const std::uint64_t guest = cairn_enter();
  void* address = CAIRN_TABLE->dlsym(name);
  cairn_leave(guest);
  return address;
}

void* required(const char* name) {
  void* address = host_symbol(name);
  if (address == nullptr) die("the MPI library of this host has no ", name);
  return address;
}

void bind_functions() {  // NOLINT(readability-function-size): a line for each function of MPI
#define CAIRN_X(name) real.name.bind(required("PMPI_" #name));
#define CAIRN_XX(name) real.X_##name.bind(required("PMPIX_" #name));
#include "mpi/shim/generated/real_functions.inc"
#undef CAIRN_X
#undef CAIRN_XX
}

void bind_objects() {
  for (int i = 0; i < predefined_count; ++i) predefined_objects[i].handle->real = required(predefined_objects[i].name);
  const auto get = [](const void* handle) { return static_cast<const Handle*>(handle)->real; };
  real_objects.comm_null = static_cast<RealComm*>(get(&ompi_mpi_comm_null));
  real_objects.comm_world = static_cast<RealComm*>(get(&ompi_mpi_comm_world));
  real_objects.comm_self = static_cast<RealComm*>(get(&ompi_mpi_comm_self));
  real_objects.group_null = static_cast<RealGroup*>(get(&ompi_mpi_group_null));
  real_objects.group_empty = static_cast<RealGroup*>(get(&ompi_mpi_group_empty));
  real_objects.datatype_null = static_cast<RealDatatype*>(get(&ompi_mpi_datatype_null));
  real_objects.op_null = static_cast<RealOp*>(get(&ompi_mpi_op_null));
  real_objects.errors_return = static_cast<RealErrhandler*>(get(&ompi_mpi_errors_return));
  real_objects.errors_are_fatal = static_cast<RealErrhandler*>(get(&ompi_mpi_errors_are_fatal));
  real_objects.info_null = static_cast<RealInfo*>(get(&ompi_mpi_info_null));
  real_objects.request_null = static_cast<RealRequest*>(get(&ompi_request_null));
  real_objects.message_null = static_cast<RealMessage*>(get(&ompi_message_null));
  real_objects.message_no_proc = static_cast<RealMessage*>(get(&ompi_message_no_proc));
  real_objects.win_null = static_cast<RealWin*>(get(&ompi_mpi_win_null));
  real_objects.file_null = static_cast<RealFile*>(get(&ompi_mpi_file_null));
}

// An empty list head, as the bindings' inline functions expect it: {16 bytes object, 16 bytes object, next, prev, ...}.
void prepare_datarep_list() {
  char* sentinel = ompi_registered_datareps + 16;
  std::memcpy(ompi_registered_datareps + 32, &sentinel, sizeof sentinel);
  std::memcpy(ompi_registered_datareps + 40, &sentinel, sizeof sentinel);
}

void prepare_predefined() {
  for (int i = 0; i < predefined_count; ++i) {
    Handle* handle = predefined_objects[i].handle;
    handle->magic = kHandleMagic;
    handle->fortran = kNoFortranIndex;
    handle->kind = predefined_objects[i].kind;
    handle->predefined = true;
    handle->null = std::strstr(predefined_objects[i].name, "_null") != nullptr;
    handle->live = true;
  }
  // Until MPI_Init the real library says what is wrong.
  predefined<ompi_communicator_t>(ompi_mpi_comm_world)->live = false;
  predefined<ompi_communicator_t>(ompi_mpi_comm_self)->live = false;
  prepare_errhandlers();
  prepare_datarep_list();
  ompi_status_empty = MPI_Status{};
  ompi_status_empty.MPI_SOURCE = MPI_ANY_SOURCE;
  ompi_status_empty.MPI_TAG = MPI_ANY_TAG;
}

}  // namespace

namespace {
std::uint64_t bound_to;  // which library, counted by restarts: CAIRN_TABLE->generation
}

void bind_real() {
  bound_to = CAIRN_TABLE->generation;
  bind_functions();
  bind_objects();
  for (const ObjectKind& kind : object_kinds())
    if (kind.rebind != nullptr) kind.rebind();
}

void start() {
  static bool prepared;
  if (prepared && bound_to == CAIRN_TABLE->generation) return;
  if (!cairn_is_hosted()) die("this library only works in a process started by Cairn's mpirun or cr_run", "");
  if (!prepared) prepare_predefined();
  prepared = true;
  if (host_symbol("PMPI_Init") == nullptr) die("this process has been restarted without an MPI library", "");
  bind_real();
}

namespace {
__attribute__((constructor)) void at_load() { start(); }
}  // namespace

}  // namespace cairn::shim

// Functions of the real library's inside that a program should never call (generated/stubs.c).
extern "C" [[noreturn]] __attribute__((visibility("hidden"))) void cairn_shim_no_such_function(const char* name);
void cairn_shim_no_such_function(const char* name) {
  std::fprintf(
      stderr,
      "cairn: the program called %s(), which is inside Open MPI and cannot be offered to a program that is to be "
      "checkpointed. Run it without --with-cr.\n",
      name);
  std::_Exit(1);
}
