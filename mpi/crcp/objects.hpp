// SPDX-License-Identifier: Apache-2.0
// The participant for MPI objects behind handles: which of them cannot be checkpointed, and all of them again after a
// restart (mpi/shim).
#pragma once

#include "mpi/crcp/participant.hpp"

namespace cairn::crcp {

Participant& objects() noexcept;

}  // namespace cairn::crcp
