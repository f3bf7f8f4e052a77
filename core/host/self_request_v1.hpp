// SPDX-License-Identifier: Apache-2.0
// Between today's requests and replies and those of an older libcr, over the table or the control socket, which
// programs that were restarted from older files still have (core/abi/self_request_v1.hpp). Values only; any thread.
#pragma once

#include <optional>

#include "core/abi/control_protocol.hpp"
#include "core/abi/self_request_v1.hpp"

namespace cairn::host {

// Nothing if the bytes are no request of version 1.
std::optional<cairn_control_request> from_v1(const v1::ControlRequest& old);
v1::ControlReply to_v1(const cairn_control_reply& reply);

}  // namespace cairn::host
