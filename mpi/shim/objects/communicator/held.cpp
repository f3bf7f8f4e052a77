// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/communicator/held.hpp"

#include <algorithm>

#include "mpi/crcp/communicators.hpp"
#include "mpi/p2p/persistent_collective.hpp"
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

std::vector<std::int32_t> ranks_of(const MemberList* list) {
  if (list == nullptr) return {};
  return {list->world, list->world + list->size};
}

}  // namespace

ompi_communicator_t* first_held() noexcept { return held.head(); }

void comm_hold_back(ompi_communicator_t* comm) noexcept {
  const crcp::InnerLock lock;
  if (!p2p::may_start_on(*comm)) crcp::comm_held(*comm);
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
    if (p2p::need_of(*comm) != p2p::Need::none || !crcp::comm_can_go(*comm)) continue;
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
      said.comms.push_back({comm->identity, ranks_of(comm->members), ranks_of(comm->remote_members),
                            p2p::may_start_on(*comm) ? 1U : 0U});
  return said;
}

void held_comms_add(int world_rank, const HeldComms& said) {
  const auto has = [&](const std::vector<std::int32_t>& ranks) {
    return std::find(ranks.begin(), ranks.end(), world_rank) != ranks.end();
  };
  for (const HeldComm& comm : said.comms) {
    auto& all = anybodys();
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const HeldComm& c) { return c.identity == comm.identity; });
    if (known != all.end())
      known->starters += comm.starters;
    else if (has(comm.members))
      all.push_back(comm);
    else if (has(comm.remote))
      all.push_back({comm.identity, comm.remote, comm.members, comm.starters});
  }
}

const std::vector<HeldComm>& held_by_anybody() noexcept { return anybodys(); }

bool held_starts(std::uint64_t identity) noexcept {
  return std::any_of(anybodys().begin(), anybodys().end(),
                     [&](const HeldComm& comm) { return comm.identity == identity && comm.starts(); });
}

ompi_communicator_t* find_held(std::uint64_t identity) noexcept {
  for (ompi_communicator_t* comm = first_held(); comm != nullptr; comm = comm->next)
    if (comm->identity == identity) return comm;
  return nullptr;
}

}  // namespace cairn::shim
