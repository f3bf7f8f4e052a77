// SPDX-License-Identifier: Apache-2.0
// Point-to-point communication as a participant of the cut: messages are drained, receives parked and posted again.
#pragma once

#include "mpi/crcp/participant.hpp"

namespace cairn::p2p {

crcp::Participant& point_to_point() noexcept;

}  // namespace cairn::p2p
