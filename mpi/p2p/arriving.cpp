// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/arriving.hpp"

#include <algorithm>

namespace cairn::p2p {

std::vector<Arriving>& all_arriving() noexcept {
  static auto* const the_messages = new std::vector<Arriving>;
  return *the_messages;
}

void finish_arriving() noexcept {
  std::erase_if(all_arriving(), [](Arriving& in) {
    int done = 0;
    cross([&]() noexcept { return shim::real.Test(&in.real, &done, MPI_STATUS_IGNORE); });
    if (done == 0) return false;
    release_bytes_type(in.type);
    return true;
  });
}

bool is_arriving(const crcp::QueuedMessage& message) noexcept {
  finish_arriving();
  const auto& all = all_arriving();
  return std::any_of(all.begin(), all.end(), [&](const Arriving& in) { return in.bytes == message.bytes; });
}

}  // namespace cairn::p2p
