// SPDX-License-Identifier: Apache-2.0
// How the ranks of a job find its coordinator: two environment variables that mpirun passes to them. Plain data.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {

inline constexpr char kCoordinatorVariable[] = "CAIRN_COORDINATOR";         // "port;address,address,..."
inline constexpr char kCoordinatorKeyVariable[] = "CAIRN_COORDINATOR_KEY";  // 64 hexadecimal digits

struct CoordinatorAddress {
  std::vector<std::string> addresses;
  std::uint16_t port = 0;
  LinkKey key{};

  // Nothing if this process was not started by our mpirun, or the variables make no sense.
  static std::optional<CoordinatorAddress> from_environment();
  std::map<std::string, std::string> to_environment() const;
};

// Connects to the coordinator, and puts the address by which it was reached in front: whoever asks again need not try
// others. One at which somebody else answers goes to the end. Throws TemporaryError.
std::unique_ptr<SecureLink> connect_to(CoordinatorAddress& coordinator, double seconds);

}  // namespace cairn::pmix
