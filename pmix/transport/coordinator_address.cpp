// SPDX-License-Identifier: Apache-2.0
#include "pmix/transport/coordinator_address.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/base/error.hpp"

namespace cairn::pmix {

std::optional<CoordinatorAddress> CoordinatorAddress::from_environment() {
  const char* where = std::getenv(kCoordinatorVariable);
  const char* key = std::getenv(kCoordinatorKeyVariable);
  if (where == nullptr || key == nullptr) return std::nullopt;
  CoordinatorAddress result;
  char* end = nullptr;
  const unsigned long port = std::strtoul(where, &end, 10);
  if (*end != ';' || port == 0 || port > 65535) return std::nullopt;
  result.port = static_cast<std::uint16_t>(port);
  std::string rest = end + 1;
  for (std::size_t comma = 0; !rest.empty(); rest = comma == std::string::npos ? "" : rest.substr(comma + 1)) {
    comma = rest.find(',');
    result.addresses.push_back(rest.substr(0, comma));
  }
  try {
    result.key = link_key_from_hex(key);
  } catch (const Error&) {
    return std::nullopt;
  }
  return result;
}

std::map<std::string, std::string> CoordinatorAddress::to_environment() const {
  std::string where = std::to_string(port) + ";";
  for (const std::string& address : addresses) where += (where.back() == ';' ? "" : ",") + address;
  return {{kCoordinatorVariable, where}, {kCoordinatorKeyVariable, to_hex(key)}};
}

std::unique_ptr<SecureLink> connect_to(CoordinatorAddress& coordinator, double seconds) {
  std::vector<std::string>& all = coordinator.addresses;
  std::string answered;
  UniqueFd socket = connect_tcp(all, coordinator.port, seconds, &answered);
  const auto at = std::find(all.begin(), all.end(), answered);
  try {
    auto link = std::make_unique<SecureLink>(std::move(socket), coordinator.key, false, seconds);
    std::rotate(all.begin(), at, at + 1);
    return link;
  } catch (const Error&) {
    std::rotate(at, at + 1, all.end());
    throw;
  }
}

}  // namespace cairn::pmix
