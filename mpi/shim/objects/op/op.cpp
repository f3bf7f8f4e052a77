// SPDX-License-Identifier: Apache-2.0
// Reduction operations of the application. The real library gets one of a fixed set of functions, each of which knows
// its number and nothing else: operations are called with no argument that would tell them apart.
#include <array>
#include <deque>
#include <utility>

#include "mpi/shim/callback.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/objects/op/hold.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kSlots = 1024;
constexpr std::uint32_t kFortran = 0x2, kCxx = 0x4, kJava = 0x8;  // bits of the real o_flags

struct JavaData {
  int base_type;
  void *environment, *object;
};

// What is called: as long as the op lives, what its handle says, which Fortran's and C++'s bindings change after its
// creation; then what it said last, since the handle may be another op's by then.
struct Callee {
  const ompi_op_t* op = nullptr;
  MPI_User_function* function = nullptr;
  void* behind = nullptr;
  std::uint32_t flags = 0;

  void look() noexcept {
    function = op->function;
    behind = op->behind;
    flags = op->flags;
  }
};

struct Slots {
  std::array<Callee, kSlots> callee{};
  std::array<JavaData, kSlots> java{};
  std::deque<int> free;  // first in, first out: another thread may be in a collective with an op that was freed
  int used = 0;
};

Slots& slots() {
  static auto* const instance = new Slots;
  return *instance;
}

// With the guest's thread pointer.
__attribute__((noinline)) void run(int slot, void* in, void* inout, int* length, RealDatatype** real_type) {
  Callee callee = slots().callee[static_cast<std::size_t>(slot)];
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
    const JavaData& java = slots().java[static_cast<std::size_t>(slot)];
    reinterpret_cast<void (*)(void*, void*, int*, MPI_Datatype*, int, void*, void*)>(function)(
        in, inout, length, &type, java.base_type, java.environment, java.object);
  } else {
    callee.function(in, inout, length, &type);
  }
}

template <int Slot>
void trampoline(void* in, void* inout, int* length, RealDatatype** type) {
  const GuestSide side;
  if (side.ok()) run(Slot, in, inout, length, type);
}

using Trampoline = void(void*, void*, int*, RealDatatype**);

template <int... Slot>
constexpr std::array<Trampoline*, sizeof...(Slot)> make_trampolines(std::integer_sequence<int, Slot...>) {
  return {&trampoline<Slot>...};
}

constexpr auto trampolines = make_trampolines(std::make_integer_sequence<int, kSlots>{});

int take_slot() {
  Slots& s = slots();
  if (s.used < kSlots) return s.used++;
  if (s.free.empty()) return -1;
  const int slot = s.free.front();
  s.free.pop_front();
  return slot;
}

int create_real(ompi_op_t* op) {
  return cross(real.Op_create, trampolines[static_cast<std::size_t>(op->trampoline)], static_cast<int>(op->commute),
               reinterpret_cast<RealOp**>(&op->real));
}

// The application has freed it, and no operation needs it any more. The table is locked.
int drop(ompi_op_t* op) noexcept {
  RealOp* gone = to_real(op);
  const int rc = cross(real.Op_free, &gone);
  if (rc != MPI_SUCCESS) return rc;
  Callee& callee = slots().callee[static_cast<std::size_t>(op->trampoline)];
  callee.look();
  callee.op = nullptr;
  slots().free.push_back(op->trampoline);
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
    const crcp::Section section;
    const TableLock lock;
    const int slot = take_slot();
    if (slot < 0) {
      rc = MPI_ERR_NO_MEM;
    } else {
      ompi_op_t* op = store<ompi_op_t>().pool.allocate(Kind::op);
      op->function = function;
      op->commute = commute != 0;
      op->trampoline = slot;
      slots().callee[static_cast<std::size_t>(slot)] = {op, nullptr, nullptr, 0};
      rc = create_real(op);
      if (rc == MPI_SUCCESS) store<ompi_op_t>().live.add(*out = op);
    }
  }
  return rc == MPI_SUCCESS ? rc : raise(MPI_COMM_WORLD, rc, "MPI_Op_create");
}
CAIRN_MPI_WEAK(MPI_Op_create);

int PMPI_Op_free(MPI_Op* op) {
  if (op == nullptr || !is_own_op(*op) || (*op)->freed) return raise(MPI_COMM_WORLD, MPI_ERR_OP, "MPI_Op_free");
  return section_call(MPI_COMM_WORLD, "MPI_Op_free", [&] {
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
  return section_call(MPI_COMM_WORLD, "MPI_Op_commutative",
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
  slots().java[static_cast<std::size_t>(op->trampoline)] = {base_type, environment, object};
}
