// SPDX-License-Identifier: Apache-2.0
// MPI_Init, MPI_Init_thread and MPI_Finalize, and the callback by which this process takes part in checkpoints.
#include "mpi/crcp/lifecycle.hpp"

#include <pthread.h>
#include <time.h>

#include "core/abi/crossing.h"
#include "core/guest/libcr.h"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/group_door.hpp"
#include "mpi/crcp/participants.hpp"
#include "mpi/crcp/protocol.hpp"
#include "mpi/shim/clock.hpp"
#include "mpi/shim/objects/errhandler/raise.hpp"
#include "mpi/shim/real.hpp"
#include "mpi/shim/start.hpp"

namespace cairn::crcp {

namespace {

struct Life {
  InitState state = InitState::before;
  int level = MPI_THREAD_SINGLE;
  pthread_t main_thread{};
  bool copied = false;  // by fork: this process is no rank
};
Life life;

// MPI_Wtime goes on from there.
int cross_cut() {
  shim::look_at_clock();
  const int result = cr_checkpoint(CR_CHECKPOINT_READY);
  shim::look_at_clock();
  return result;
}

// Libcr's thread-context callback: one request.
int take_part(void*) {
  if (life.copied) {
    cross_cut();
    return 0;
  }
  cairn_agent_request request{};
  if (agent::request(request) != 0) {
    if (life.state == InitState::finalized) {
      cross_cut();
    } else {
      cr_set_refusal("this process is a rank of an MPI job: use ompi-checkpoint with the pid of its mpirun");
      cr_checkpoint(CR_CHECKPOINT_TEMP_FAILURE);
    }
    return 0;
  }
  Protocol protocol(request);
  if (!protocol.quiesce()) {
    cr_set_refusal(protocol.refusal().c_str());
    cr_checkpoint(protocol.refused_for_good() ? CR_CHECKPOINT_PERM_FAILURE : CR_CHECKPOINT_TEMP_FAILURE);
    return 0;
  }
  protocol.resume(cross_cut() > 0 ? Outcome::new_library : Outcome::same_library);
  return 0;
}

// In the child of a fork. What the service was is its parent's; a host of its own knows nothing of MPI.
void become_copy() noexcept {
  life.copied = true;
  agent::forget();
}

// The real library is up: everything of ours that depends on it.
int become_ready(int required, int provided) noexcept {
  life.level = provided;
  life.main_thread = pthread_self();
  shim::after_init();
  for (Participant* p : participants())
    if (const int rc = p->prepare(); rc != MPI_SUCCESS) return rc;
  life.state = InitState::initialized;
  gate_prepare();
  threads_begin(provided);
  if (cairn_is_hosted() == 0) return MPI_SUCCESS;
  pthread_atfork(nullptr, nullptr, become_copy);
  agent::tell_initialized(required, provided);
  if (agent::present() && cr_init() >= 0 && cr_register_callback(take_part, nullptr, CR_THREAD_CONTEXT) >= 0)
    agent::start();
  return MPI_SUCCESS;
}

template <class Call>
int initialize(int required, int* provided, const char* name, Call&& call) noexcept {
  if (life.state != InitState::before)
    return shim::raise(static_cast<ompi_communicator_t*>(nullptr), MPI_ERR_OTHER, name);
  shim::start();
  if (cairn_is_hosted() != 0) agent::tell_about_to_initialize();
  const std::uint64_t guest = cairn_enter();
  int rc = call();
  cairn_leave(guest);
  if (rc == MPI_SUCCESS) rc = become_ready(required, *provided);
  return rc;
}

// Stays checkpointable until the agents have agreed that no request comes any more.
void close_log() noexcept {
  for (;;) {
    {
      const Section section;
      agent::want_close();  // again each time: after a restart the agent is a new one
      progress_all();
      if (agent::closed() != 0) return;
    }
    const timespec pause{0, 200'000};
    nanosleep(&pause, nullptr);
  }
}

}  // namespace

InitState init_state() noexcept { return life.state; }
int thread_level() noexcept { return life.level; }
bool thread_is_main() noexcept {
  return life.state != InitState::before && pthread_equal(life.main_thread, pthread_self()) != 0;
}

}  // namespace cairn::crcp

using namespace cairn;
using namespace cairn::crcp;

CAIRN_MPI_EXPORT int PMPI_Init(int* argc, char*** argv) {
  int provided = MPI_THREAD_SINGLE;
  return initialize(MPI_THREAD_SINGLE, &provided, "MPI_Init", [&]() noexcept {
    const int rc = shim::real.Init(argc, argv);
    if (rc == MPI_SUCCESS) shim::real.Query_thread(&provided);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Init);

CAIRN_MPI_EXPORT int PMPI_Init_thread(int* argc, char*** argv, int required, int* provided) {
  return initialize(required, provided, "MPI_Init_thread",
                    [&]() noexcept { return shim::real.Init_thread(argc, argv, required, provided); });
}
CAIRN_MPI_WEAK(MPI_Init_thread);

CAIRN_MPI_EXPORT int PMPI_Finalize(void) {
  static const char kName[] = "MPI_Finalize";
  if (life.state != InitState::initialized)
    return shim::raise(static_cast<ompi_communicator_t*>(nullptr), MPI_ERR_OTHER, kName);
  int rc = shim::before_finalize();
  gather_all(kName);  // others may have hours to go
  collective_begin(*MPI_COMM_WORLD, kName, CAIRN_CALL_FRAME, Fate::ends);
  {
    shim::RealComm* const world = shim::to_real(MPI_COMM_WORLD);
    const std::uint64_t guest = cairn_enter();
    shim::real.Barrier(world);
    cairn_leave(guest);
  }
  collective_end(*MPI_COMM_WORLD);
  if (agent::present()) close_log();
  for (Participant* p : participants()) p->finish();
  const std::uint64_t guest = cairn_enter();
  const int finalized = shim::real.Finalize();
  cairn_leave(guest);
  life.state = InitState::finalized;
  shim::after_finalize();
  if (cairn_is_hosted() != 0) agent::tell_finalized();
  return rc != MPI_SUCCESS ? rc : finalized;
}
CAIRN_MPI_WEAK(MPI_Finalize);
