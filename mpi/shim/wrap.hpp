// SPDX-License-Identifier: Apache-2.0
// What every wrapper is made of, generated or not: the crossing, the door, and arguments that need more than one
// load to translate. All of it runs with the guest's thread pointer except the real function itself.
#pragma once

#include <utility>
#include <vector>

#include "core/abi/crossing.h"
#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/p2p/adopt.hpp"
#include "mpi/p2p/persistent_collective.hpp"
#include "mpi/shim/objects/datatype/hold.hpp"
#include "mpi/shim/objects/errhandler/raise.hpp"
#include "mpi/shim/objects/op/hold.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::shim {

// Calls a function of the real library. The arguments are evaluated before the thread pointer changes.
template <class R, class... P, class... A>
inline R cross(const RealFunction<R(P...)>& function, A... arguments) noexcept {
  const std::uint64_t guest = cairn_enter();
  R result = function(static_cast<P>(arguments)...);
  cairn_leave(guest);
  return result;
}

// The same for what is called often.
template <class R, class... P, class... A>
inline R cross_lightly(const RealFunction<R(P...)>& function, A... arguments) noexcept {
  const std::uint64_t how = cairn_enter_light();
  R result = function(static_cast<P>(arguments)...);
  cairn_leave_light(how);
  return result;
}

// The common shape of a short call: a section, the real call, errors. `call()` gives the real function's code.
template <class Owner, class Call>
inline int section_call(Owner* owner, const char* name, Call&& call) {
  int rc;
  {
    const crcp::Section section;
    rc = call();
  }
  return __builtin_expect(rc == MPI_SUCCESS, 1) ? rc : raise(owner, rc, name);
}

// The same for calls that need no section.
template <class Owner, class Call>
inline int brief_call(Owner* owner, const char* name, Call&& call) {
  int rc;
  {
    const crcp::Brief brief;
    rc = call();
  }
  return __builtin_expect(rc == MPI_SUCCESS, 1) ? rc : raise(owner, rc, name);
}

// Behind the door of a collective, while it lives; nothing for a communicator on which none can begin (the real library
// says why).
class CollectiveScope {
 public:
  // Always a part of its caller, whose frame it notes.
  __attribute__((always_inline))
  CollectiveScope(ompi_communicator_t* comm, const char* name, crcp::Fate fate = crcp::Fate::stays) noexcept
      : comm_(usable(comm) ? comm : nullptr) {
    if (comm_ != nullptr) crcp::collective_begin(*comm_, name, CAIRN_CALL_FRAME, fate);
  }
  // For a non-blocking collective: if deferred(), record() the call instead of making it.
  struct Deferrable {};
  CollectiveScope(ompi_communicator_t* comm, const char* name, Deferrable) noexcept
      : comm_(usable(comm) ? comm : nullptr) {
    if (comm_ != nullptr) deferred_ = !crcp::collective_begin_or_defer(*comm_, name);
  }
  ~CollectiveScope() {
    if (comm_ != nullptr && !deferred_) crcp::collective_end(*comm_);
  }
  bool deferred() const noexcept { return deferred_; }
  // begin(&made) makes the real call; it translates its handles when it is called, perhaps after a restart. What the
  // application may free meanwhile it holds; the communicator stays, since freeing it waits at the same door.
  template <class Begin>
  MPI_Request record(Begin begin, p2p::RequestKind kind = p2p::RequestKind::collective) noexcept {
    return p2p::record_collective(
        *comm_, kind, [](void* data, RealRequest** made) noexcept { return (*static_cast<Begin*>(data))(made); },
        [](void* data) noexcept { delete static_cast<Begin*>(data); }, new Begin(std::move(begin)));
  }
  CollectiveScope(const CollectiveScope&) = delete;
  CollectiveScope& operator=(const CollectiveScope&) = delete;

 private:
  ompi_communicator_t* comm_;
  bool deferred_ = false;
};

// Inside the real library for as long as it takes: crcp::inside_begin().
class InsideScope {
 public:
  __attribute__((always_inline)) explicit InsideScope(const char* name,
                                                      const ompi_communicator_t* of = nullptr) noexcept {
    crcp::inside_begin(name, of, CAIRN_CALL_FRAME);
  }
  ~InsideScope() { crcp::inside_end(); }
  InsideScope(const InsideScope&) = delete;
  InsideScope& operator=(const InsideScope&) = delete;
};

// The real counterpart of an info object for the time of one call.
class InfoScope {
 public:
  explicit InfoScope(ompi_info_t* info) noexcept;
  ~InfoScope();
  InfoScope(const InfoScope&) = delete;
  InfoScope& operator=(const InfoScope&) = delete;
  RealInfo* get() const noexcept { return real_; }

 private:
  RealInfo* real_;
  bool owned_ = false;
};

// Real counterparts of an array of datatypes.
class TypeArray {
 public:
  TypeArray() noexcept = default;
  explicit TypeArray(int count);  // to be filled
  TypeArray(const MPI_Datatype* types, int count);
  TypeArray(TypeArray&& other) noexcept : real_(std::exchange(other.real_, nullptr)) {}
  TypeArray& operator=(TypeArray&& other) noexcept {
    std::swap(real_, other.real_);
    return *this;
  }
  ~TypeArray();
  RealDatatype** get() const noexcept { return real_; }

 private:
  RealDatatype** real_ = nullptr;
};

// An array of datatypes for a call that is made later.
class HeldTypes {
 public:
  HeldTypes(const MPI_Datatype* types, int count);
  RealDatatype** real();  // once; lives as long as this

 private:
  bool given_;
  std::vector<HeldType> held_;
  TypeArray array_;
};

// Numbers for a call that is made later: those that the application's array has now.
template <class Number>
class HeldNumbers {
 public:
  HeldNumbers(const Number* numbers, int count) : given_(numbers) {
    if (numbers != nullptr && count > 0) copy_.assign(numbers, numbers + count);
  }
  // If they mean nothing the library gets what the application has given.
  const Number* get() const noexcept { return copy_.empty() ? given_ : copy_.data(); }

 private:
  const Number* given_;
  std::vector<Number> copy_;
};

// What the library needs of a non-blocking operation's arguments until it is complete: arrays that it reads later, the
// function that it calls and the datatype that this one is told.
struct Kept {
  TypeArray types, types_too;
  HeldOp op;
  HeldType type;
};

// The communicator of its own that an open file has, at whose door its collective calls stand; null for one that is not
// usable.
ompi_communicator_t* file_comm(const ompi_file_t* file) noexcept;

// How many numbers or datatypes an argument of a collective has: one for each of those that are sent to or received
// from, for each of the caller's own group, or for each peer at the root alone; 0 if the communicator is not usable.
int peer_count(const ompi_communicator_t* comm) noexcept;
int member_count(const ompi_communicator_t* comm) noexcept;
int root_count(const ompi_communicator_t* comm, int root) noexcept;
// topology.cpp
int neighbor_count(const ompi_communicator_t* comm, bool outgoing) noexcept;

// Makes a persistent collective by init(hints, &made), which a restart calls again.
template <class Init>
int make_persistent(ompi_communicator_t* comm, RealInfo* hints, MPI_Request* request, Init init) {
  class Recipe final : public p2p::PersistentRecipe {
   public:
    explicit Recipe(Init&& call) : call_(std::move(call)) {}
    int make(RealInfo* hints_again, RealRequest** made) noexcept override { return call_(hints_again, made); }

   private:
    Init call_;
  };
  auto recipe = std::make_unique<Recipe>(std::move(init));
  RealRequest* made = real_objects.request_null;
  const int rc = recipe->make(hints, request == nullptr ? nullptr : &made);
  if (rc == MPI_SUCCESS) *request = p2p::adopt_persistent(made, *comm, std::move(recipe));
  return rc;
}

// Makes the guest's handle of a request.
MPI_Request track_request(RealRequest* made, p2p::RequestKind kind, ompi_communicator_t* comm, Kept kept = {});

}  // namespace cairn::shim
