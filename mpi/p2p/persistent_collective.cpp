// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/persistent_collective.hpp"

#include <algorithm>
#include <vector>

#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::p2p {

namespace {

constexpr std::uint64_t kNone = ~0ULL;

PersistentRecipe& recipe(Request& r) noexcept { return *static_cast<PersistentRecipe*>(r.owner.data); }

int start_real(Request& r) noexcept {
  auto* real = static_cast<shim::RealRequest*>(r.real);
  if (real == nullptr) return MPI_ERR_REQUEST;  // a member had freed its own before a restart
  const int rc = cross([&]() noexcept { return shim::real.Start(&real); });
  r.real = real;
  if (rc == MPI_SUCCESS) r.state = State::active;
  return rc;
}

// The door has opened.
void start_recorded(void* request) noexcept {
  auto& r = *static_cast<Request*>(request);
  const int rc = start_real(r);
  if (rc == MPI_SUCCESS) return;
  MPI_Status none;
  empty_status(none);
  finish(r, none, rc);
}

// Can still be started, or has been and is not begun.
bool is_needed(const Request& r) noexcept { return !r.orphan || r.state == State::recorded; }

// In the order in which they were made.
std::vector<Request*> needed_on(const ompi_communicator_t& comm) {
  std::vector<Request*> found;
  for_each_request([&](Request& r) {
    if (is_persistent_collective(&r) && r.comm == &comm && is_needed(r)) found.push_back(&r);
  });
  std::sort(found.begin(), found.end(), [](const Request* a, const Request* b) { return a->order < b->order; });
  return found;
}

// The lowest and the highest number that a member has.
struct Range {
  std::uint64_t low, high;
};
int agree(ompi_communicator_t& comm, std::uint64_t mine, Range& all) noexcept {
  std::uint64_t own[2] = {~mine, mine}, greatest[2] = {own[0], own[1]};
  shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
  shim::RealOp* const op = shim::to_real(MPI_MAX);
  // Between two groups the first time gives what the others have, the second time what they have heard of this one.
  for (int time = 0; time < (comm.inter ? 2 : 1); ++time) {
    std::uint64_t heard[2];
    shim::RealComm* const real = shim::to_real(&comm);
    const int rc = cross([&]() noexcept { return shim::real.Allreduce(own, heard, 2, type, op, real); });
    if (rc != MPI_SUCCESS) return rc;
    for (int i = 0; i < 2; ++i) greatest[i] = std::max(greatest[i], own[i] = heard[i]);
  }
  all = {~greatest[0], greatest[1]};
  return MPI_SUCCESS;
}

}  // namespace

MPI_Request adopt_persistent(shim::RealRequest* made, ompi_communicator_t& comm,
                             std::unique_ptr<PersistentRecipe> recipe) noexcept {
  const auto drop = [](void* data) noexcept { delete static_cast<PersistentRecipe*>(data); };
  Request* r = adopt_request(made, RequestKind::persistent_collective, &comm, {drop, recipe.release()});
  r->order = ++comm.crcp->persistent_made;
  return r;
}

int start_collective(Request& r) noexcept {
  if (r.state != State::idle) return MPI_ERR_REQUEST;
  ompi_communicator_t& comm = *r.comm;
  const bool begins = crcp::collective_begin_or_defer(comm, "MPI_Start");
  r.before = comm.crcp->called;
  if (begins) {
    const int rc = start_real(r);
    crcp::collective_end(comm);
    return rc;
  }
  r.state = State::recorded;
  crcp::record_collective(crcp::RecordedCollective{comm.crcp, comm.crcp->called, start_recorded, &r});
  crcp::duties();
  crcp::listen_for_others();
  crcp::gate_end();
  return MPI_SUCCESS;
}

int make_persistent_again(ompi_communicator_t& comm) {
  const std::vector<Request*> needed = needed_on(comm);
  std::uint64_t from = 0;
  for (;;) {
    const auto next =
        std::find_if(needed.begin(), needed.end(), [&](const Request* candidate) { return candidate->order >= from; });
    Range all{};
    int rc = agree(comm, next != needed.end() ? (*next)->order : kNone, all);
    if (rc != MPI_SUCCESS || all.high == kNone) return rc;
    from = all.high;
    if (all.low != all.high) continue;
    shim::RealRequest* made = shim::real_objects.request_null;
    rc = recipe(**next).make(shim::real_objects.info_null, &made);
    if (rc != MPI_SUCCESS) return rc;
    (*next)->real = made;
    ++from;
  }
}

void forget_real_persistent() noexcept {
  for_each_request([](Request& r) {
    if (is_persistent_collective(&r)) r.real = nullptr;
  });
}

bool may_start_on(const ompi_communicator_t& comm) noexcept {
  bool found = false;
  for_each_request([&](Request& r) {
    if (is_persistent_collective(&r) && r.comm == &comm && is_needed(r)) found = true;
  });
  return found;
}

}  // namespace cairn::p2p
