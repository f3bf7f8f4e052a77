// SPDX-License-Identifier: Apache-2.0
// Where the shim (mpi/shim) and the coordination protocol (mpi/crcp, mpi/p2p) meet. Both are linked into the guest's
// libmpi.so.40. Unless said otherwise: called with the guest's thread pointer, may not throw.
#pragma once

#include "mpi/crcp/gate.hpp"
#include "mpi/shim/handle.hpp"
#include "mpi/shim/real.hpp"

// ---- implemented by mpi/crcp and mpi/p2p, called by mpi/shim ----------------------------------------------------
namespace cairn::crcp {

// Around every call of the real library that is collective over `comm` (creation and destruction of communicators,
// windows and files included). begin() returns when the door is open (QUIESCE.md). Real handles are fetched after
// begin() (a restart may happen while it waits). comm_created() and comm_freed() are called before end(), so that a cut
// never falls between the real object and its handle. `name` is a literal. Not called for communicators that are not
// usable().
void collective_begin(ompi_communicator_t& comm, const char* name) noexcept;
void collective_end(ompi_communicator_t& comm) noexcept;

// The same for a non-blocking collective, which must not wait. True: the door is open, as after collective_begin().
// False: it is not; the call is counted in its place, a section has begun, and the caller records what is to be called
// when the door opens: begin(data, &made), once, then drop(data) when the request is complete. record_collective() ends
// the section.
bool collective_begin_or_defer(ompi_communicator_t& comm, const char* name) noexcept;
MPI_Request record_collective(ompi_communicator_t& comm, int (*begin)(void* data, shim::RealRequest** made) noexcept,
                              void (*drop)(void* data) noexcept, void* data) noexcept;

// Around MPI_Comm_create_group, which is collective over a group without a communicator. `identity` is the same at all
// members, and not 0; `members` are the group's, null if there is no such group. Handles as with collective_begin().
void group_call_begin(std::uint64_t identity, const shim::MemberList* members, const char* name) noexcept;
void group_call_end() noexcept;

// Every other entry into the real library stands in a crcp::Section (mpi/crcp/gate.hpp).

// A communicator got a handle, a real communicator and an identity / is about to lose them. crcp sets and frees
// comm.crcp. Called for MPI_COMM_WORLD and MPI_COMM_SELF too (after Init).
void comm_created(ompi_communicator_t& comm) noexcept;
void comm_freed(ompi_communicator_t& comm) noexcept;

// A request that is not point-to-point. `done(data)` is called once, with the guest's thread pointer, when the real
// request no longer exists (completed and freed, or a persistent one freed). The result is a guest handle for the
// application. Called before the section (or collective_end()) in which the real call was made ends.
enum class RequestKind : std::uint8_t { collective, persistent_collective, comm_dup, io, rma, generalized };
struct RequestOwner {
  void (*done)(void* data) noexcept = nullptr;
  void* data = nullptr;
};
MPI_Request adopt_request(shim::RealRequest* real, RequestKind kind, ompi_communicator_t* comm,
                          RequestOwner owner) noexcept;

enum class InitState : std::uint8_t { before, initialized, finalized };
InitState init_state() noexcept;
int thread_level() noexcept;     // MPI_THREAD_..., as provided; MPI_THREAD_SINGLE before Init
bool thread_is_main() noexcept;  // the calling thread called MPI_Init

}  // namespace cairn::crcp

// ---- implemented by mpi/shim, called by mpi/crcp and mpi/p2p ----------------------------------------------------
namespace cairn::shim {

// Once per process, before anything else (a constructor of the library calls it; idempotent).
void start();
// Right after the real MPI_Init has returned in the guest's Init: sets MPI_ERRORS_RETURN on world and self, fills
// their handles (members, identity, predefined attributes), calls crcp::comm_created for both.
void after_init();
// First thing in MPI_Finalize: deletes the attributes of MPI_COMM_SELF, then of MPI_COMM_WORLD, with callbacks.
// The first error code of a callback, or MPI_SUCCESS.
int before_finalize();
// The real MPI_Finalize has returned.
void after_finalize();

// The error path of a call: invokes the guest's error handler of the object (fatal: prints what Open MPI prints and
// ends the job; user function; return). Gives the code the call must return. comm may be null or unusable:
// then MPI_COMM_WORLD's handler is used, as the real library does. `function` like "MPI_Send".
int raise(ompi_communicator_t* comm, int code, const char* function) noexcept;
int raise(ompi_win_t* win, int code, const char* function) noexcept;
int raise(ompi_file_t* file, int code, const char* function) noexcept;

// A datatype stays usable for a pending operation after MPI_Type_free: crcp keeps one of these in requests that must be
// re-posted after a restart. type_hold() adds a reference to the recipe (null for predefined: hold.type is enough).
struct TypeHold {
  MPI_Datatype predefined = nullptr;
  TypeRecipe* recipe = nullptr;
};
TypeHold type_hold(MPI_Datatype type) noexcept;
RealDatatype* type_real(
    const TypeHold& hold) noexcept;  // valid until the next restart, correct again after rebuild_all()
void type_release(TypeHold& hold) noexcept;

// Objects and operations that cannot be checkpointed yet. They run; while one is alive, first_unsupported() names it.
enum class Unsupported : std::uint8_t {
  persistent_collective,
  io_request,
  rma_request,
  generalized_request,
  thread_multiple,
  dynamic_process,
  mpit_session,
  count,
  none = count  // a non-blocking collective: one that has begun is complete when the job has settled
};
void note_unsupported_enter(Unsupported what, const char* function) noexcept;
void note_unsupported_leave(Unsupported what) noexcept;
// Writes a text like "file 'out.dat' is open (MPI_File_open)" and returns its length; 0 if nothing stands in the way.
std::size_t first_unsupported(char* text, std::size_t capacity);

// The whole job has been restarted and everybody is at the gate: binds the new real library, re-creates every object
// behind its handle. Collective over all ranks, uses MPI_COMM_WORLD and what it creates; called on libcr's callback
// thread. MPI_SUCCESS, or an MPI error code with a reason in `text`.
int rebuild_all(char* text, std::size_t capacity);

// All communicators that have a handle, world and self first.
ompi_communicator_t* first_comm() noexcept;
ompi_communicator_t* next_comm(ompi_communicator_t* comm) noexcept;

// Taken around changes of the shim's lists and tables; does something in MPI_THREAD_MULTIPLE only.
class TableLock {
 public:
  TableLock() noexcept;
  ~TableLock();
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;

 private:
  bool locked_;
};

}  // namespace cairn::shim
