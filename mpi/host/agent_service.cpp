// SPDX-License-Identifier: Apache-2.0
#include "mpi/host/agent_service.hpp"

#include <mpi.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>

#include "core/base/message.hpp"
#include "core/host/crossing.hpp"
#include "pmix/agent/agent.hpp"
#include "pmix/transport/pmix_transport.hpp"

namespace cairn::mpi {
namespace {

// The only mutable state of the MPI host. The agent is never destroyed: its threads run until the process ends.
struct {
  std::mutex mutex;
  pmix::Agent* agent = nullptr;
} process;

void end_job() {
  // All ranks come here, after they have left the log, so this is an ordinary end for mpirun. The guest stands
  // still and its buffers are in its image: nothing of it may run or be flushed.
  MPI_Finalize();
  ::_exit(0);
}

int start() { return start_agent(true); }

int request(cairn_agent_request* out) { return process.agent == nullptr ? -ENOENT : process.agent->request(*out); }

int fence_begin(const void* data, std::uint64_t n) {
  return process.agent == nullptr ? -EINVAL : process.agent->fence_begin(data, n);
}

int fence_test() { return process.agent == nullptr ? -EINVAL : process.agent->fence_test(); }

int part(std::int32_t rank, void* buffer, std::uint64_t capacity, std::uint64_t* n) {
  return process.agent == nullptr ? -EINVAL : process.agent->part(rank, buffer, capacity, *n);
}

void progress(const char* text) {
  if (process.agent != nullptr) process.agent->progress(text);
}

void doing(const cairn_agent_activity* threads, std::uint32_t n, const char* late_on) {
  if (process.agent != nullptr) process.agent->doing({threads, n}, late_on);
}

void gives_up(const char* own) {
  if (process.agent != nullptr) process.agent->gives_up(own);
}

void want_close() {
  if (process.agent != nullptr) process.agent->want_close();
}

int closed() { return process.agent == nullptr || process.agent->closed() ? 1 : 0; }

int verdict(std::uint64_t step, std::int32_t pass) {
  return process.agent == nullptr ? CAIRN_AGENT_UNDECIDED : process.agent->verdict(step, pass != 0);
}

cairn_agent service{CAIRN_AGENT_VERSION,
                    sizeof(cairn_agent),
                    -1,
                    0,
                    start,
                    request,
                    fence_begin,
                    fence_test,
                    part,
                    progress,
                    want_close,
                    closed,
                    verdict,
                    doing,
                    gives_up};

}  // namespace

int start_agent(bool guest_is_ready) {
  const std::lock_guard lock(process.mutex);
  try {
    if (process.agent == nullptr) {
      // If not all threads are to be had, those that are use it.
      auto* const agent = new pmix::Agent(std::make_unique<pmix::PmixTransport>(), nullptr,
                                          pmix::CoordinatorAddress::from_environment(), end_job);
      agent->tell_crossing(host::crossing_text());
      service.rank = agent->rank();
      service.nranks = agent->size();
      agent->start_threads();
      process.agent = agent;
    }
    if (guest_is_ready) process.agent->guest_ready();
    return 0;
  } catch (const std::exception& e) {
    print_message(std::string("this job cannot be checkpointed: ") + e.what());
    return -EIO;
  }
}

void tell_crossing() {
  if (process.agent != nullptr) process.agent->tell_crossing(host::crossing_text());
}

void stand_together(bool wanted) {
  if (process.agent != nullptr) process.agent->stand_together(wanted);
}

cairn_agent* agent_service() { return &service; }

}  // namespace cairn::mpi
