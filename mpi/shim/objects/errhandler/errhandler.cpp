// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/errhandler/errhandler.hpp"

#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include "core/abi/host_table.h"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

extern "C" char ompi_mpi_errors_throw_exceptions[];

namespace cairn::shim {
namespace {

using Behaviour = ompi_errhandler_t::Behaviour;
using Language = ompi_errhandler_t::Language;

// What the real library calls the three kinds of objects.
constexpr int kRealComm = 1, kRealWin = 2, kRealFile = 3;

ompi_communicator_t* world() noexcept { return predefined<ompi_communicator_t>(ompi_mpi_comm_world); }

int real_kind(Kind kind) noexcept { return kind == Kind::comm ? kRealComm : kind == Kind::win ? kRealWin : kRealFile; }

// The real library prints its own message, with the object's name, and ends the job.
[[noreturn]] void fatal(Handle* object, int code, const char* function) {
  using Invoke = int(void* handler, void* object, int kind, int code, const char* message);
  const crcp::Section section;
  if (object->kind == Kind::comm) {
    auto* comm = static_cast<ompi_communicator_t*>(object);
    cross(real.Comm_set_name, static_cast<RealComm*>(comm->real), static_cast<const char*>(comm->name));
  }
  const std::uint64_t guest = cairn_enter();
  auto* invoke = reinterpret_cast<Invoke*>(CAIRN_TABLE->dlsym("ompi_errhandler_invoke"));
  if (invoke != nullptr) invoke(real_objects.errors_are_fatal, object->real, real_kind(object->kind), code, function);
  real.Abort(real_objects.comm_world, code);
  cairn_leave(guest);
  std::_Exit(code & 0xff);
}

void call_user(const ompi_errhandler_t* handler, Handle* object, int code, const char* function) {
  void* handle = object;
  switch (handler->language) {
    case Language::c:
      reinterpret_cast<void (*)(void**, int*, ...)>(handler->function)(&handle, &code, function, nullptr);
      break;
    case Language::fortran: {
      MPI_Fint index = fortran_index(object);
      reinterpret_cast<void (*)(MPI_Fint*, MPI_Fint*, ...)>(handler->function)(&index, &code);
      break;
    }
    case Language::cxx:
      reinterpret_cast<void (*)(void**, int*, const char*, void*)>(handler->cxx_dispatch)(&handle, &code, function,
                                                                                          handler->function);
      break;
  }
}

// MPI::ERRORS_THROW_EXCEPTIONS without libmpi_cxx is fatal. Debian's throws nothing: it keeps the code and returns.
bool throw_exception(const ompi_errhandler_t* handler, Handle* object, int code, const char* function) {
  void* thrower = object->kind == Kind::comm   ? handler->throws_comm
                  : object->kind == Kind::file ? handler->throws_file
                                               : handler->throws_win;
  if (thrower == nullptr) return false;
  void* handle = object;
  reinterpret_cast<void (*)(void**, int*, ...)>(thrower)(&handle, &code, function, nullptr);
  return true;
}

int invoke(const ompi_errhandler_t* handler, Handle* object, int code, const char* function) noexcept {
  if (handler == nullptr) fatal(object, code, function);
  switch (handler->behaviour) {
    case Behaviour::returns:
      return code;
    case Behaviour::user:
      call_user(handler, object, code, function);
      return code;
    case Behaviour::throws:
      if (throw_exception(handler, object, code, function)) return code;
      break;
    case Behaviour::fatal:
      break;
  }
  fatal(object, code, function);
}

bool valid(const ompi_errhandler_t* handler, Kind of) noexcept {
  return usable(handler) && (handler->predefined || handler->of == of);
}

ompi_errhandler_t* make(Kind of, Language language, void* function) {
  const TableLock lock;
  ompi_errhandler_t* handler = store<ompi_errhandler_t>().pool.allocate(Kind::errhandler);
  handler->behaviour = Behaviour::user;
  handler->language = language;
  handler->of = of;
  handler->references = 1;
  handler->function = function;
  return handler;
}

}  // namespace

void prepare_errhandlers() {
  const auto set = [](ompi_errhandler_t* handler, Behaviour behaviour) { handler->behaviour = behaviour; };
  set(predefined<ompi_errhandler_t>(ompi_mpi_errors_are_fatal), Behaviour::fatal);
  set(predefined<ompi_errhandler_t>(ompi_mpi_errors_return), Behaviour::returns);
  set(predefined<ompi_errhandler_t>(ompi_mpi_errors_throw_exceptions), Behaviour::throws);
  predefined<ompi_file_t>(ompi_mpi_file_null)->errhandler = predefined<ompi_errhandler_t>(ompi_mpi_errors_return);
}

ompi_errhandler_t* errhandler_share(ompi_errhandler_t* handler) noexcept {
  const TableLock lock;
  if (handler != nullptr && !handler->predefined) ++handler->references;
  return handler;
}

void errhandler_drop(ompi_errhandler_t* handler) noexcept {
  const TableLock lock;
  if (handler == nullptr || handler->predefined || --handler->references != 0) return;
  store<ompi_errhandler_t>().pool.release(handler, nullptr);
}

ompi_errhandler_t* default_file_errhandler() noexcept {
  return predefined<ompi_file_t>(ompi_mpi_file_null)->errhandler;
}

int raise(ompi_communicator_t* comm, int code, const char* function) noexcept {
  ompi_communicator_t* object = usable(comm) || (comm != nullptr && comm->held) ? comm : world();
  return invoke(object->errhandler, object, code, function);
}

int raise(ompi_win_t* win, int code, const char* function) noexcept {
  if (!usable(win)) return raise(world(), code, function);
  return invoke(win->errhandler, win, code, function);
}

int raise(ompi_datatype_t*, int code, const char* function) noexcept { return raise(world(), code, function); }

int raise(ompi_file_t* file, int code, const char* function) noexcept {
  if (file == nullptr || !file->live) file = predefined<ompi_file_t>(ompi_mpi_file_null);
  return invoke(file->errhandler, file, code, function);
}

}  // namespace cairn::shim

using namespace cairn::shim;

namespace {

template <class Guest>
bool alive(const Guest* object) {
  return usable(object);
}
bool alive(const ompi_file_t* file) { return file != nullptr && file->live; }  // MPI_FILE_NULL has a handler

template <class Object>
int set_handler(Object object, MPI_Errhandler handler, Kind of, const char* name) {
  if (!alive(object)) return raise(MPI_COMM_WORLD, invalid_handle(object), name);
  if (!valid(handler, of)) return raise(object, MPI_ERR_ARG, name);
  const TableLock lock;  // or two threads drop the same old one
  ompi_errhandler_t* old = object->errhandler;
  object->errhandler = errhandler_share(handler);
  errhandler_drop(old);
  return MPI_SUCCESS;
}

template <class Object>
int get_handler(Object object, MPI_Errhandler* handler, const char* name) {
  if (!alive(object)) return raise(MPI_COMM_WORLD, invalid_handle(object), name);
  if (handler == nullptr) {  // the real library tells a window's handler, but none of the others
    if constexpr (std::is_same_v<Object, MPI_Win>) return raise(object, MPI_ERR_ARG, name);
    return raise(MPI_COMM_WORLD, MPI_ERR_ARG, name);
  }
  const TableLock lock;
  *handler = errhandler_share(object->errhandler);
  return MPI_SUCCESS;
}

template <class Object>
int call_handler(Object object, int code, const char* name) {
  if (!usable(object)) return raise(MPI_COMM_WORLD, invalid_handle(object), name);
  raise(object, code, name);
  return MPI_SUCCESS;
}

int create_handler(Kind of, void* function, MPI_Errhandler* handler, const char* name) {
  if (function == nullptr || handler == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, name);
  *handler = make(of, Language::c, function);
  return MPI_SUCCESS;
}

}  // namespace

#define CAIRN_ERRHANDLERS(Prefix, Object, Function, kind)                              \
  int PMPI_##Prefix##_create_errhandler(Function* function, MPI_Errhandler* handler) { \
    return create_handler(Kind::kind, reinterpret_cast<void*>(function), handler,      \
                          "MPI_" #Prefix "_create_errhandler");                        \
  }                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_create_errhandler);                                    \
  int PMPI_##Prefix##_set_errhandler(Object object, MPI_Errhandler handler) {          \
    return set_handler(object, handler, Kind::kind, "MPI_" #Prefix "_set_errhandler"); \
  }                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_set_errhandler);                                       \
  int PMPI_##Prefix##_get_errhandler(Object object, MPI_Errhandler* handler) {         \
    return get_handler(object, handler, "MPI_" #Prefix "_get_errhandler");             \
  }                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_get_errhandler);                                       \
  int PMPI_##Prefix##_call_errhandler(Object object, int code) {                       \
    return call_handler(object, code, "MPI_" #Prefix "_call_errhandler");              \
  }                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_call_errhandler)

CAIRN_ERRHANDLERS(Comm, MPI_Comm, MPI_Comm_errhandler_function, comm);
CAIRN_ERRHANDLERS(Win, MPI_Win, MPI_Win_errhandler_function, win);
CAIRN_ERRHANDLERS(File, MPI_File, MPI_File_errhandler_function, file);

int PMPI_Errhandler_create(MPI_Handler_function* function, MPI_Errhandler* handler) {
  return create_handler(Kind::comm, reinterpret_cast<void*>(function), handler, "MPI_Errhandler_create");
}
CAIRN_MPI_WEAK(MPI_Errhandler_create);
int PMPI_Errhandler_set(MPI_Comm comm, MPI_Errhandler handler) {
  return set_handler(comm, handler, Kind::comm, "MPI_Errhandler_set");
}
CAIRN_MPI_WEAK(MPI_Errhandler_set);
int PMPI_Errhandler_get(MPI_Comm comm, MPI_Errhandler* handler) {
  return get_handler(comm, handler, "MPI_Errhandler_get");
}
CAIRN_MPI_WEAK(MPI_Errhandler_get);

int PMPI_Errhandler_free(MPI_Errhandler* handler) {
  if (handler == nullptr || *handler == nullptr || (*handler)->null || !(*handler)->live)
    return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Errhandler_free");
  errhandler_drop(*handler);
  *handler = MPI_ERRHANDLER_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Errhandler_free);

// ---- the bindings' entries -----------------------------------------------------------------------------------
CAIRN_MPI_EXPORT ompi_errhandler_t* ompi_errhandler_create(int of, void* function, int language) {
  const Kind kind = of == kRealWin ? Kind::win : of == kRealFile ? Kind::file : Kind::comm;
  return make(kind, static_cast<Language>(language), function);
}

// libmpi_mpifh reads handler and kind at their places in the real library's objects: neither means anything here.
CAIRN_MPI_EXPORT int ompi_errhandler_invoke(void*, void* object, int, int code, const char* message) {
  auto* handle = static_cast<Handle*>(object);
  if (handle == nullptr || handle->magic != kHandleMagic) return raise(MPI_COMM_WORLD, code, message);
  if (handle->kind == Kind::win) return raise(static_cast<MPI_Win>(handle), code, message);
  if (handle->kind == Kind::file) return raise(static_cast<MPI_File>(handle), code, message);
  return raise(handle->kind == Kind::comm ? static_cast<MPI_Comm>(handle) : MPI_COMM_WORLD, code, message);
}

CAIRN_MPI_EXPORT void ompi_mpi_errors_are_fatal_comm_handler(MPI_Comm* comm, int* code, const char* message, ...) {
  fatal(comm != nullptr && usable(*comm) ? *comm : world(), code != nullptr ? *code : MPI_ERR_OTHER, message);
}
