// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace cairn::host {

// Fixes where the host's descriptors start, from the limit of open files. Before any other descriptor is made.
void choose_fd_base();

}  // namespace cairn::host
