// SPDX-License-Identifier: Apache-2.0
// Which groups of addresses a socket of IPv4 or IPv6 has joined: it is asked for each that the machine is in. Ordinary
// code.
#pragma once

#include <string>

namespace cairn::state {

// "239.1.2.3"; empty: none.
std::string joined_group(int fd);

}  // namespace cairn::state
