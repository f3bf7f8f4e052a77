// SPDX-License-Identifier: Apache-2.0
// Back from a request, with the lock held by the callback thread: all participants resume.
#pragma once

#include "mpi/crcp/participant.hpp"

namespace cairn::crcp {

// A restart binds the new library first, and joins the agents' log afterwards. Ends the process, by name, if a
// participant cannot go on.
void resume_all(Outcome outcome) noexcept;

}  // namespace cairn::crcp
