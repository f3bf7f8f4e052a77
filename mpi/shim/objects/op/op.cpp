// SPDX-License-Identifier: Apache-2.0
// Reduction operations of the application. The real library gets the same function for each of them, as the C++
// bindings do: it calls an operation of theirs with one more argument, what ompi_op_set_cxx_callback() was given. Here
// that tells what the application's function is.
#include <deque>
#include <utility>

#include "core/abi/host_table.h"
#include "mpi/shim/callback.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/objects/op/hold.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr std::uint32_t kFortran = 0x2, kCxx = 0x4, kJava = 0x8;  // bits of the real o_flags

struct JavaData {
  int base_type = 0;
  void *environment = nullptr, *object = nullptr;
};

// What is called: as long as the op lives, what its handle says, which Fortran's and C++'s bindings change after its
// creation; then what it said last, since the handle may be another op's by then.
struct Callee {
  const ompi_op_t* op = nullptr;
  MPI_User_function* function = nullptr;
  void* behind = nullptr;
  std::uint32_t flags = 0;
  JavaData java;

  void look() noexcept {
    function = op->function;
    behind = op->behind;
    flags = op->flags;
  }
};

// By number, never moved: the real library has their addresses.
struct Callees {
  std::deque<Callee> all;
  // First in, first out, and not at once: another thread may be in a collective with an op that was freed.
  std::deque<int> free;
};
constexpr std::size_t kRest = 1024;

Callees& callees() {
  static auto* const instance = new Callees;
  return *instance;
}

Callee& callee_of(const ompi_op_t* op) { return callees().all[static_cast<std::size_t>(op->callee)]; }

// With the guest's thread pointer.
__attribute__((noinline)) void run(Callee callee, void* in, void* inout, int* length, RealDatatype** real_type) {
  if (callee.op != nullptr) callee.look();
  void* function = reinterpret_cast<void*>(callee.function);
  MPI_Datatype type = from_real(*real_type);
  if ((callee.flags & kFortran) != 0) {
    MPI_Fint index = fortran_index(type);
    reinterpret_cast<void (*)(void*, void*, int*, MPI_Fint*)>(function)(in, inout, length, &index);
  } else if ((callee.flags & kCxx) != 0) {
    // The function is the binding's own; it is told which of the application's to call.
    reinterpret_cast<void (*)(void*, void*, int*, MPI_Datatype*, void*)>(function)(in, inout, length, &type,
                                                                                   callee.behind);
  } else if ((callee.flags & kJava) != 0) {
    const JavaData& java = callee.java;
    reinterpret_cast<void (*)(void*, void*, int*, MPI_Datatype*, int, void*, void*)>(function)(
        in, inout, length, &type, java.base_type, java.environment, java.object);
  } else {
    callee.function(in, inout, length, &type);
  }
}

void intercept(void* in, void* inout, int* length, RealDatatype** type, const Callee* callee) {
  const GuestSide side;
  if (side.ok()) run(*callee, in, inout, length, type);
}

// The table is locked.
int take_callee() {
  Callees& c = callees();
  if (c.free.size() <= kRest) {
    c.all.emplace_back();
    return static_cast<int>(c.all.size()) - 1;
  }
  const int callee = c.free.front();
  c.free.pop_front();
  return callee;
}

int create_real(ompi_op_t* op) {
  using Function = void(void*, void*, int*, RealDatatype**);
  using Tell = void(RealOp*, const Callee*);
  auto* const function = reinterpret_cast<Function*>(reinterpret_cast<void*>(&intercept));
  auto** const made = reinterpret_cast<RealOp**>(&op->real);
  const Callee* const callee = &callee_of(op);
  const std::uint64_t guest = cairn_enter();
  auto* const tell = reinterpret_cast<Tell*>(CAIRN_TABLE->dlsym("ompi_op_set_cxx_callback"));
  const int rc = tell == nullptr ? MPI_ERR_INTERN : real.Op_create(function, op->commute, made);
  if (rc == MPI_SUCCESS) tell(*made, callee);
  cairn_leave(guest);
  return rc;
}

// The application has freed it, and no operation needs it any more. The table is locked.
int drop(ompi_op_t* op) noexcept {
  RealOp* gone = to_real(op);
  const int rc = cross(real.Op_free, &gone);
  if (rc != MPI_SUCCESS) return rc;
  Callee& callee = callee_of(op);
  callee.look();
  callee.op = nullptr;
  callees().free.push_back(op->callee);
  store<ompi_op_t>().live.remove(op);
  store<ompi_op_t>().pool.release(op, real_objects.op_null);
  return rc;
}

}  // namespace

void op_hold(MPI_Op op) noexcept {
  const TableLock lock;
  ++op->holds;
}

void op_release(MPI_Op op) noexcept {
  const TableLock lock;
  if (--op->holds == 0 && op->freed) drop(op);
}

void op_rebind() noexcept { store<ompi_op_t>().pool.rebind(real_objects.op_null); }

int op_rebuild() {
  for (ompi_op_t* op = store<ompi_op_t>().live.head(); op != nullptr; op = op->next)
    if (const int rc = create_real(op); rc != MPI_SUCCESS) return rc;
  return MPI_SUCCESS;
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

int PMPI_Op_create(MPI_User_function* function, int commute, MPI_Op* out) {
  if (out == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_OP, "MPI_Op_create");
  if (function == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Op_create");
  int rc;
  {
    const crcp::Brief brief;
    const TableLock lock;
    ompi_op_t* op = store<ompi_op_t>().pool.allocate(Kind::op);
    op->function = function;
    op->commute = commute != 0;
    op->callee = take_callee();
    callee_of(op) = {};
    callee_of(op).op = op;
    rc = create_real(op);
    if (rc == MPI_SUCCESS) store<ompi_op_t>().live.add(*out = op);
  }
  return rc == MPI_SUCCESS ? rc : raise(MPI_COMM_WORLD, rc, "MPI_Op_create");
}
CAIRN_MPI_WEAK(MPI_Op_create);

int PMPI_Op_free(MPI_Op* op) {
  if (op == nullptr || !is_own_op(*op) || (*op)->freed) return raise(MPI_COMM_WORLD, MPI_ERR_OP, "MPI_Op_free");
  return brief_call(MPI_COMM_WORLD, "MPI_Op_free", [&] {
    const TableLock lock;
    (*op)->freed = (*op)->holds != 0;
    const int rc = (*op)->freed ? MPI_SUCCESS : drop(*op);
    if (rc == MPI_SUCCESS) *op = MPI_OP_NULL;
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Op_free);

int PMPI_Op_commutative(MPI_Op op, int* commute) {
  if (op != nullptr && op->live && !op->predefined && commute != nullptr) {
    *commute = op->commute;
    return MPI_SUCCESS;
  }
  return brief_call(MPI_COMM_WORLD, "MPI_Op_commutative",
                    [&] { return cross(real.Op_commutative, to_real(op), commute); });
}
CAIRN_MPI_WEAK(MPI_Op_commutative);

// The C++ and Java bindings put a function of theirs between the library and the application's.
CAIRN_MPI_EXPORT void ompi_op_set_cxx_callback(ompi_op_t* op, void* function) {
  op->flags |= kCxx;
  op->behind = function;
}

CAIRN_MPI_EXPORT void ompi_op_set_java_callback(ompi_op_t* op, void* environment, void* object, int base_type) {
  op->flags |= kJava;
  callee_of(op).java = {base_type, environment, object};
}
