// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::guest {

void reset_callbacks();        // child of a fork: it has registered nothing
void free_signal_callbacks();  // of the calling thread, at its end

}  // namespace cairn::guest
