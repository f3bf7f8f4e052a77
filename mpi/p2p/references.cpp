// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/references.hpp"

#include <algorithm>

#include "mpi/p2p/message.hpp"
#include "mpi/shim/table_lock.hpp"

namespace cairn::p2p {

Need need_of(const ompi_communicator_t& comm) noexcept {
  const shim::TableLock lock;
  Need need = Need::none;
  for_each_request([&](const Request& r) {
    if (r.comm != &comm) return;
    const bool done = !r.persistent && (r.state == State::complete || r.state == State::held);
    need = std::max(need, done ? Need::handle : Need::library);
  });
  for (const Message* m = first_message(); m != nullptr && need == Need::none; m = m->next)
    if (m->comm == &comm) need = Need::handle;
  return need;
}

}  // namespace cairn::p2p
