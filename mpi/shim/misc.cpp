// SPDX-License-Identifier: Apache-2.0
// Answers that need no object: state, memory, addresses, versions, statuses.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "mpi/crcp/lifecycle.hpp"
#include "mpi/shim/start.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

// Of calls that may be made at any time.
template <class Call>
int at_any_time(Call&& call) {
  if (crcp::init_state() != crcp::InitState::initialized) start();
  const crcp::Brief brief;
  return call();
}

}  // namespace

int PMPI_Initialized(int* flag) {
  if (flag == nullptr) return MPI_ERR_ARG;
  *flag = crcp::init_state() != crcp::InitState::before;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Initialized);

int PMPI_Finalized(int* flag) {
  if (flag == nullptr) return MPI_ERR_ARG;
  *flag = self_is_gone();
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Finalized);

int PMPI_Query_thread(int* provided) {
  if (crcp::init_state() != crcp::InitState::initialized)
    return at_any_time([&] { return cross(real.Query_thread, provided); });
  if (provided == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Query_thread");
  *provided = crcp::thread_level();
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Query_thread);

int PMPI_Is_thread_main(int* flag) {
  if (crcp::init_state() != crcp::InitState::initialized)
    return at_any_time([&] { return cross(real.Is_thread_main, flag); });
  if (flag == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Is_thread_main");
  *flag = crcp::thread_is_main();
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Is_thread_main);

int PMPI_Pcontrol(const int, ...) { return MPI_SUCCESS; }
CAIRN_MPI_WEAK(MPI_Pcontrol);

int PMPI_Get_version(int* version, int* subversion) {
  if (version == nullptr || subversion == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Get_version");
  *version = MPI_VERSION;
  *subversion = MPI_SUBVERSION;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Get_version);

int PMPI_Get_library_version(char* version, int* length) {
  return at_any_time([&] { return cross(real.Get_library_version, version, length); });
}
CAIRN_MPI_WEAK(MPI_Get_library_version);

int PMPI_Get_processor_name(char* name, int* length) {
  return brief_call(MPI_COMM_WORLD, "MPI_Get_processor_name",
                    [&] { return cross(real.Get_processor_name, name, length); });
}
CAIRN_MPI_WEAK(MPI_Get_processor_name);

// Does not return. No section: a program may abort while the world is frozen.
int PMPI_Abort(MPI_Comm comm, int code) { return cross(real.Abort, to_real(comm), code); }
CAIRN_MPI_WEAK(MPI_Abort);

int PMPI_Alloc_mem(MPI_Aint size, MPI_Info, void* baseptr) {
  if (size < 0 || baseptr == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Alloc_mem");
  void* memory = nullptr;
  if (size > 0 && posix_memalign(&memory, 64, static_cast<std::size_t>(size)) != 0)
    return raise(MPI_COMM_WORLD, MPI_ERR_NO_MEM, "MPI_Alloc_mem");
  *static_cast<void**>(baseptr) = memory;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Alloc_mem);

int PMPI_Free_mem(void* base) {
  std::free(base);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Free_mem);

int PMPI_Get_address(const void* location, MPI_Aint* address) {
  if (address == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Get_address");
  *address = reinterpret_cast<MPI_Aint>(location);
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Get_address);

int PMPI_Address(void* location, MPI_Aint* address) { return PMPI_Get_address(location, address); }
CAIRN_MPI_WEAK(MPI_Address);

int PMPI_Test_cancelled(const MPI_Status* status, int* flag) {
  if (status == nullptr || flag == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Test_cancelled");
  *flag = status->_cancelled;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Test_cancelled);

int PMPI_Status_set_cancelled(MPI_Status* status, int flag) {
  if (status == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Status_set_cancelled");
  status->_cancelled = flag;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Status_set_cancelled);
