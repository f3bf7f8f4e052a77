// SPDX-License-Identifier: Apache-2.0
// What happens to objects when MPI begins and ends.
#include "mpi/crcp/communicators.hpp"
#include "mpi/shim/fortran.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/start.hpp"
#include "mpi/shim/wrap.hpp"

extern "C" std::int32_t ompi_mpi_state;

namespace cairn::shim {
namespace {

// Values of ompi_mpi_state, which the Fortran bindings read before they do anything.
constexpr std::int32_t kInitialized = 2, kFinalizing = 4, kFinalized = 5;

}  // namespace

void after_init() {
  fortran_learn_predefined();
  comm_fill_predefined();
  attributes_learn_predefined();
  ompi_mpi_state = kInitialized;
  crcp::comm_created(*predefined<ompi_communicator_t>(ompi_mpi_comm_world));
  crcp::comm_created(*predefined<ompi_communicator_t>(ompi_mpi_comm_self));
}

int before_finalize() {
  int first = MPI_SUCCESS;
  for (ompi_communicator_t* comm :
       {predefined<ompi_communicator_t>(ompi_mpi_comm_self), predefined<ompi_communicator_t>(ompi_mpi_comm_world)}) {
    const int rc = attributes_delete_all(attribute_owner(comm));
    if (first == MPI_SUCCESS) first = rc;
    ompi_mpi_state = kFinalizing;
  }
  return first;
}

bool self_is_gone() noexcept { return ompi_mpi_state >= kFinalizing; }

void after_finalize() {
  ompi_mpi_state = kFinalized;
  predefined<ompi_communicator_t>(ompi_mpi_comm_world)->live = false;
  predefined<ompi_communicator_t>(ompi_mpi_comm_self)->live = false;
}

}  // namespace cairn::shim
