// SPDX-License-Identifier: Apache-2.0
// Passing a descriptor among processes of one user on one node that know the same key: an abstract UNIX socket, peer
// credentials checked on both ends. Ordinary code; every wait has a deadline (seconds).
#pragma once

#include <string>

#include "core/base/unique_fd.hpp"

namespace cairn::engine {

// Gives `fd` to `takers` processes. Throws TemporaryError if they do not all come in time.
void offer_descriptor(const std::string& key, int fd, unsigned takers, double deadline);
// Throws TemporaryError if nobody offers in time.
UniqueFd fetch_descriptor(const std::string& key, double deadline);

}  // namespace cairn::engine
