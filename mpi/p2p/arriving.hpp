// SPDX-License-Identifier: Apache-2.0
// Messages on their way out of the real library into memory of ours. At a cut none is. A request that is given up
// before may leave some behind: they are matched and received as all that are queued, but delivered when they are here.
//
// In a section or by the callback thread with the lock held; enters the library.
#pragma once

#include <cstdlib>
#include <vector>

#include "mpi/p2p/queue.hpp"

namespace cairn::p2p {

struct Arriving {
  shim::RealRequest* real;
  BytesType type;
  const unsigned char* bytes;
};
std::vector<Arriving>& all_arriving() noexcept;

// Asks the library once for each, and forgets those that have come.
void finish_arriving() noexcept;
// The same; true if this one has not come.
bool is_arriving(const crcp::QueuedMessage& message) noexcept;

// Starts receiving a message as bytes: start(buffer, count, type, &request) makes the real call.
template <typename Start>
unsigned char* start_bytes(std::size_t size, Start start) noexcept {
  auto* bytes = static_cast<unsigned char*>(std::malloc(size == 0 ? 1 : size));
  if (bytes == nullptr) std::abort();
  Arriving in{nullptr, bytes_type(size), bytes};
  cross([&]() noexcept { return start(bytes, in.type.count, in.type.type, &in.real); });
  all_arriving().push_back(in);
  return bytes;
}

}  // namespace cairn::p2p
