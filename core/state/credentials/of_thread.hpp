// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of a thread's credentials, and how they are compared and named. Ordinary code, any thread.
#pragma once

#include <string>

#include "core/state/credentials/state.hpp"

namespace cairn::state {

// All but the securebits. Supplementary groups that this user namespace does not know all look the same, and are left
// out. `task` is a directory of /proc with a `status`. Throws EnvironmentError.
Credentials read_credentials(const std::string& task);
// All of the calling thread's.
Credentials own_credentials();

bool same_identity(const Credentials& a, const Credentials& b);
// Securebits that are not known are no difference.
bool same_capabilities(const Credentials& a, const Credentials& b);

// The bounding set stays as it is: changing it takes other rights.
Credentials without_capabilities(Credentials credentials, std::uint64_t capabilities);

// "user 65534, group 65534, no other groups", with all of a kind where they differ: "user 0/65534/0/65534".
std::string identity_text(const Credentials& credentials);
std::string capabilities_text(const Credentials& credentials);

}  // namespace cairn::state
