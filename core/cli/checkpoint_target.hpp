// SPDX-License-Identifier: Apache-2.0
// Where a checkpoint goes: what is handed to the process that writes it. Ordinary code.
#pragma once

#include "core/base/unique_fd.hpp"
#include "core/cli/checkpoint_options.hpp"

namespace cairn::cli {

struct CheckpointTarget {
  UniqueFd descriptor;
  bool is_file = false;  // to be written to as it is; else the directory of the file
};

// A device or FIFO of the wanted name is written to; it is never replaced. Waits a little for who reads a FIFO. Throws
// EnvironmentError: no directory, nobody reads, or a name that leads to something else than a file.
CheckpointTarget open_target(const CheckpointOptions& options);

}  // namespace cairn::cli
