// SPDX-License-Identifier: Apache-2.0
// The real library's functions, in the host: real.Send, real.File_open, ... one member for every
// function of mpi.h and mpi-ext.h (without the MPI_ prefix; MPIX_ functions as real.X_Allreduce_init).
//
// Filled by bind_real() at start and again after a restart. Their handle arguments are the real library's
// (RealComm *, ...): the compiler refuses a guest handle. Call only between cairn_enter() and cairn_leave().
#pragma once

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

// MPI_Comm -> RealComm *, const MPI_Datatype * -> RealDatatype *const *, int -> int, ... also inside functions.
template <class T>
struct RealType {
  using type = T;
};
template <class T>
using Real = typename RealType<T>::type;

template <class T>
struct RealType<const T> {
  using type = const Real<T>;
};
template <class T>
struct RealType<T*> {
  using type = Real<T>*;
};
template <class R, class... A>
struct RealType<R(A...)> {
  using type = Real<R>(Real<A>...);
};
template <class R, class... A>
struct RealType<R(A..., ...)> {
  using type = Real<R>(Real<A>..., ...);
};
template <>
struct RealType<ompi_communicator_t*> {
  using type = RealComm*;
};
template <>
struct RealType<ompi_group_t*> {
  using type = RealGroup*;
};
template <>
struct RealType<ompi_datatype_t*> {
  using type = RealDatatype*;
};
template <>
struct RealType<ompi_op_t*> {
  using type = RealOp*;
};
template <>
struct RealType<ompi_errhandler_t*> {
  using type = RealErrhandler*;
};
template <>
struct RealType<ompi_info_t*> {
  using type = RealInfo*;
};
template <>
struct RealType<ompi_request_t*> {
  using type = RealRequest*;
};
template <>
struct RealType<ompi_message_t*> {
  using type = RealMessage*;
};
template <>
struct RealType<ompi_win_t*> {
  using type = RealWin*;
};
template <>
struct RealType<ompi_file_t*> {
  using type = RealFile*;
};
template <>
struct RealType<mca_base_var_enum_t*> {
  using type = RealEnum*;
};
template <>
struct RealType<ompi_mpit_cvar_handle_t*> {
  using type = RealCvar*;
};
template <>
struct RealType<mca_base_pvar_session_t*> {
  using type = RealSession*;
};
template <>
struct RealType<mca_base_pvar_handle_t*> {
  using type = RealPvar*;
};

// One of them. It cannot be copied: whoever calls it reads where it is behind cairn_enter(), in a section if there is
// one. An address that was read before may be that of a library that is gone, since a restart comes while a thread
// waits at a gate.
template <class Signature>
class RealFunction;
template <class R, class... P>
class RealFunction<R(P...)> {
 public:
  RealFunction() noexcept = default;
  RealFunction(const RealFunction&) = delete;
  RealFunction& operator=(const RealFunction&) = delete;
  R operator()(P... arguments) const noexcept { return address_(arguments...); }
  void bind(void* address) noexcept { address_ = reinterpret_cast<R (*)(P...)>(address); }

 private:
  R (*address_)(P...) = nullptr;
};
template <class R, class... P>
class RealFunction<R(P..., ...)> {
 public:
  void bind(void*) noexcept {}  // the real library's does nothing, and is never called
};

struct RealFunctions {
#define CAIRN_X(name) RealFunction<Real<decltype(PMPI_##name)>> name;
#define CAIRN_XX(name) RealFunction<Real<decltype(PMPIX_##name)>> X_##name;
#include "mpi/shim/generated/real_functions.inc"
#undef CAIRN_X
#undef CAIRN_XX
};

// Null handles and other objects of the real library that code compares with.
struct RealObjects {
  RealComm *comm_null, *comm_world, *comm_self;
  RealGroup *group_null, *group_empty;
  RealDatatype* datatype_null;
  RealOp* op_null;
  RealErrhandler *errors_return, *errors_are_fatal;
  RealInfo* info_null;
  RealRequest* request_null;
  RealMessage *message_null, *message_no_proc;
  RealWin* win_null;
  RealFile* file_null;
};

extern RealFunctions real;
extern RealObjects real_objects;

// Fills real, real_objects and the `real` of all predefined handles. Guest thread pointer; crosses by itself.
// Aborts by name if a function is missing in the host's library.
void bind_real();

}  // namespace cairn::shim
