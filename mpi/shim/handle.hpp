// SPDX-License-Identifier: Apache-2.0
// The guest's MPI handles. An MPI_Comm of the application points to an ompi_communicator_t of ours, in guest
// memory, that never moves and survives restarts; it holds the real library's handle, which does not.
//
// Predefined objects (MPI_COMM_WORLD, MPI_INT, ...) are copy-relocated into applications: they have the sizes of the
// real library's (asserted below) and are filled at start, through the GOT.
//
// Ownership: handles live from creation until the call that frees them, then go to a free list of their kind with
// `real` set to the real null handle, so that a stale use meets the real library's own argument check.
// Threads: as MPI allows for the thread level in force; lists and tables are changed with TableLock held.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mpi/shim/mpi_include.hpp"

namespace cairn::shim {

inline constexpr std::uint64_t kHandleMagic = 0x656c646e68726e63ULL;
inline constexpr std::int32_t kNoFortranIndex = -1;

enum class Kind : std::uint8_t { comm, group, datatype, op, errhandler, info, request, message, win, file };
inline constexpr int kKinds = 10;

// First in every handle object. `real` is read by every call: keep it at offset 8.
struct Handle {
  std::uint64_t magic;
  void* real;            // the real library's handle; changes at restart
  std::int32_t fortran;  // index in the Fortran table of its kind, kNoFortranIndex until somebody asks
  Kind kind;
  bool predefined;  // never freed, never moved
  bool null;        // MPI_..._NULL
  bool live;        // false once freed
};

// Handles of the real library. Never dereferenced; typed so that the compiler keeps the two worlds apart.
struct RealComm;
struct RealGroup;
struct RealDatatype;
struct RealOp;
struct RealErrhandler;
struct RealInfo;
struct RealRequest;
struct RealMessage;
struct RealWin;
struct RealFile;
// ... and those of the tools interface.
struct RealEnum;
struct RealCvar;
struct RealSession;
struct RealPvar;

// Immutable, shared. world[i]: rank in MPI_COMM_WORLD of member i, or kOutsider.
struct MemberList {
  std::uint32_t references;
  std::int32_t size;
  std::int32_t world[];
};
inline constexpr std::int32_t kOutsider = -1;  // a process of another job (spawn, connect)

// Debian's libmpi_mpifh, which works on top of this library, reads some fields of the real library's objects by itself:
// their offsets are kept below (tests/mpi/shim/fortran_reads.py finds them all). Of a communicator's groups it reads
// how many processes they have.
struct FortranGroup {
  char unused[16];
  std::int32_t size;
};

struct AttributeSet;   // attributes.hpp
struct ChildCounts;    // identity.cpp: how often each member list was derived from this communicator
struct TopologyShape;  // topology.hpp
struct TypeRecipe;     // types.hpp
struct Layout;         // window/layout.hpp
struct InfoStore;      // info.hpp
struct OpenFile;       // open_file.hpp
class LocalWindow;     // local_window.hpp

}  // namespace cairn::shim

namespace cairn::crcp {
struct CommState;  // the door's and the drain's counters
}

struct ompi_communicator_t : cairn::shim::Handle {
  // Agreed by all members without messages, the same before and after a restart; 1 for MPI_COMM_WORLD.
  std::uint64_t identity;
  cairn::crcp::CommState* crcp;
  std::int32_t rank, size;  // in the local group
  std::int32_t remote_size;
  bool inter;
  bool held;  // freed by the application, whose requests still need it: not live
  cairn::shim::MemberList* members;
  cairn::shim::MemberList* remote_members;  // intercommunicators only
  cairn::shim::TopologyShape* shape;        // null: no topology
  cairn::shim::ChildCounts* children;
  ompi_info_t* info;                     // hints set by the application, or null
  ompi_communicator_t *next, *previous;  // live communicators other than the predefined ones
  char name[MPI_MAX_OBJECT_NAME];
  cairn::shim::FortranGroup fortran_groups[2];
  char unused[16];
  // At the offset of the real c_flags: intercommunicator (1), Cartesian (256), graph (512).
  std::uint32_t binding_flags;
  char unused_too[12];
  cairn::shim::FortranGroup *fortran_local,
      *fortran_remote;  // c_local_group, c_remote_group: the same without a remote one
  char unused_again[8];
  cairn::shim::AttributeSet* attributes;  // c_keyhash
  char unused_thrice[32];
  ompi_errhandler_t* errhandler;  // at the offset of the real error_handler, which libmpi_mpifh hands back to us
  std::int32_t errhandler_kind;   // errhandler_type: what the real library calls communicators
};

struct ompi_group_t : cairn::shim::Handle {
  std::int32_t fortran_index;  // at the offset of the real grp_f_to_c_index; like Handle::fortran
  cairn::shim::MemberList* members;
  ompi_group_t *next, *previous;
};

struct ompi_datatype_t : cairn::shim::Handle {
  cairn::shim::TypeRecipe* recipe;  // null: predefined
  ompi_datatype_t* next;
  char name[MPI_MAX_OBJECT_NAME];
  const cairn::shim::Layout* layout;  // of a predefined one, once it has been asked for; null before
  char unused[96];
  cairn::shim::AttributeSet* attributes;  // at the offset of the real d_keyhash
};

struct ompi_op_t : cairn::shim::Handle {
  // null: predefined. Also called as void(void*, void*, int*, MPI_Fint*) when flags say Fortran.
  MPI_User_function* function;
  void* behind;         // C++ bindings: `function` is theirs and calls this one of the application
  std::int32_t callee;  // by which the real library finds it (op.cpp)
  bool commute;
  bool freed;  // by the application; lives while it is held
  ompi_op_t *next, *previous;
  std::uint32_t holds;  // pending operations (objects/op/hold.hpp)
  char unused[16];
  std::uint32_t flags;  // at the offset of the real o_flags: libmpi_mpifh sets the Fortran bit in it
};

struct ompi_errhandler_t : cairn::shim::Handle {
  enum class Behaviour : std::uint8_t { fatal, returns, user, throws };
  enum class Language : std::uint8_t { c, cxx, fortran };
  Behaviour behaviour;
  Language language;
  cairn::shim::Kind of;      // comm, win or file
  std::uint32_t references;  // the handle itself and every object that uses it
  void* function;
  char unused[48];
  // Of MPI::ERRORS_THROW_EXCEPTIONS, at the offsets of the real eh_comm_fn and so on: libmpi_cxx sets them at
  // MPI::Init.
  void *throws_comm, *throws_file, *throws_win;
  char unused_too[8];
  void* cxx_dispatch;  // at the offset of the real eh_cxx_dispatch_fn: libmpi_cxx sets it
};

struct ompi_info_t : cairn::shim::Handle {
  cairn::shim::InfoStore* store;  // guest-side; a real object is made for the time of a call only
};

struct ompi_win_t : cairn::shim::Handle {
  ompi_communicator_t* comm;  // as long as it lives; only for messages
  ompi_errhandler_t* errhandler;
  cairn::shim::MemberList* members;
  ompi_win_t *next, *previous;
  char name[MPI_MAX_OBJECT_NAME];
  cairn::shim::LocalWindow* local;  // null: the real library's, as `why` says
  const char* why;                  // literal
  char unused[96];
  cairn::shim::AttributeSet* attributes;  // at the offset of the real w_keyhash
};

struct ompi_file_t : cairn::shim::Handle {
  ompi_errhandler_t* errhandler;
  ompi_file_t *next, *previous;
  char label[64];               // last part of the file's name, for messages
  cairn::shim::OpenFile* open;  // objects/file/open_file.hpp; null once closed
};

// ompi_request_t and ompi_message_t begin with cairn::shim::Handle too; mpi/p2p/request.hpp defines them. A request is
// at least 200 bytes long and its byte kGrequestIsC means nothing to anybody but the generalized requests of the
// shim: libmpi_mpifh clears it after MPI_Grequest_start.
namespace cairn::shim {
inline constexpr std::size_t kGrequestIsC = 192;
inline constexpr std::size_t kRequestMinimum = 200;
}  // namespace cairn::shim

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
static_assert(offsetof(cairn::shim::Handle, real) == 8);
static_assert(sizeof(ompi_communicator_t) <= 0x200 && sizeof(ompi_group_t) <= 0x100);
static_assert(sizeof(ompi_datatype_t) <= 0x200 && sizeof(ompi_op_t) <= 0x800 && sizeof(ompi_errhandler_t) <= 0x400);
static_assert(offsetof(ompi_communicator_t, binding_flags) == 0xe8 &&
              offsetof(ompi_communicator_t, fortran_local) == 0xf8);
static_assert(offsetof(ompi_communicator_t, fortran_remote) == 0x100 && offsetof(ompi_group_t, fortran_index) == 0x18);
static_assert(offsetof(cairn::shim::FortranGroup, size) == 0x10);
static_assert(offsetof(ompi_communicator_t, errhandler) == 0x138 &&
              offsetof(ompi_communicator_t, errhandler_kind) == 0x140);
static_assert(offsetof(ompi_communicator_t, attributes) == 272 && offsetof(ompi_datatype_t, attributes) == 208);
static_assert(offsetof(ompi_win_t, attributes) == 240 && offsetof(ompi_op_t, flags) == 84);
static_assert(offsetof(ompi_errhandler_t, cxx_dispatch) == 120 && offsetof(ompi_errhandler_t, throws_comm) == 0x58);
static_assert(sizeof(ompi_info_t) <= 0x100 && sizeof(ompi_win_t) <= 0x200 && sizeof(ompi_file_t) <= 0x600);
#pragma GCC diagnostic pop

namespace cairn::shim {

// Guest handle to real handle; null stays null (the real library reports it). Requests and messages included: their
// handle header comes first.
template <class Real, class Guest>
inline Real* real_of(Guest* handle) noexcept {
  return handle == nullptr ? nullptr : static_cast<Real*>(reinterpret_cast<const Handle*>(handle)->real);
}
inline RealComm* to_real(MPI_Comm h) noexcept { return real_of<RealComm>(h); }
inline RealGroup* to_real(MPI_Group h) noexcept { return real_of<RealGroup>(h); }
inline RealDatatype* to_real(MPI_Datatype h) noexcept { return real_of<RealDatatype>(h); }
inline RealOp* to_real(MPI_Op h) noexcept { return real_of<RealOp>(h); }
inline RealErrhandler* to_real(MPI_Errhandler h) noexcept { return real_of<RealErrhandler>(h); }
inline RealRequest* to_real(MPI_Request h) noexcept { return real_of<RealRequest>(h); }
inline RealMessage* to_real(MPI_Message h) noexcept { return real_of<RealMessage>(h); }
inline RealWin* to_real(MPI_Win h) noexcept { return real_of<RealWin>(h); }
inline RealFile* to_real(MPI_File h) noexcept { return real_of<RealFile>(h); }

// Neither null nor freed.
template <class Guest>
inline bool usable(const Guest* handle) noexcept {
  return handle != nullptr && handle->live && !handle->null;
}

// Real handle to guest handle (callbacks, MPI_Type_get_contents of ...): slow, for predefined and live objects of ours;
// null if unknown.
MPI_Datatype from_real(RealDatatype* real) noexcept;
MPI_Comm from_real(RealComm* real) noexcept;

// Fortran index tables of all kinds (requests and messages too). f2c of an index nobody holds gives null.
MPI_Fint fortran_index(Handle* handle);
Handle* fortran_handle(Kind kind, MPI_Fint index) noexcept;
void fortran_release(Handle* handle) noexcept;  // a handle is freed

}  // namespace cairn::shim
