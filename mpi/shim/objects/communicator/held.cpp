// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/communicator/held.hpp"

#include <algorithm>

#include "mpi/crcp/communicators.hpp"
#include "mpi/p2p/references.hpp"
#include "mpi/p2p/request.hpp"
#include "mpi/shim/objects/communicator/comm.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

LiveList<ompi_communicator_t> held;

std::vector<HeldComm>& anybodys() noexcept {
  static auto* const the_comms = new std::vector<HeldComm>;
  return *the_comms;
}

}  // namespace

ompi_communicator_t* first_held() noexcept { return held.head(); }

void comm_hold_back(ompi_communicator_t* comm) noexcept {
  const crcp::InnerLock lock;
  crcp::comm_held(*comm);
  fortran_release(comm);
  store<ompi_communicator_t>().live.remove(comm);
  held.add(comm);
  comm->held = true;
  comm->live = false;
}

void comm_reap_held() {
  if (held.head() == nullptr) return;
  const crcp::InnerSection section;
  p2p::reap_orphans();
  const TableLock lock;
  for (ompi_communicator_t *comm = held.head(), *next; comm != nullptr; comm = next) {
    next = comm->next;
    if (p2p::need_of(*comm) != p2p::Need::none) continue;
    held.remove(comm);
    RealComm* gone = to_real(comm);
    if (gone != real_objects.comm_null) cross(real.Comm_free, &gone);
    comm_release(comm);
  }
}

HeldComms held_comms() {
  anybodys().clear();
  HeldComms said;
  for (const ompi_communicator_t* comm = held.head(); comm != nullptr; comm = comm->next)
    if (p2p::need_of(*comm) == p2p::Need::library)
      said.comms.push_back({comm->identity, {comm->members->world, comm->members->world + comm->members->size}});
  return said;
}

void held_comms_add(int world_rank, const HeldComms& said) {
  for (const HeldComm& comm : said.comms) {
    auto& all = anybodys();
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const HeldComm& c) { return c.identity == comm.identity; });
    const bool member = std::find(comm.members.begin(), comm.members.end(), world_rank) != comm.members.end();
    if (member && !known) all.push_back(comm);
  }
}

const std::vector<HeldComm>& held_by_anybody() noexcept { return anybodys(); }

}  // namespace cairn::shim
