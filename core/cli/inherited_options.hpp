// SPDX-License-Identifier: Apache-2.0
// What becomes of files that are not what they were at the checkpoint, or somebody else's: options that cr_restart and
// ompi-restart share.
#pragma once

#include "core/abi/restart_options.hpp"
#include "core/cli/command_line.hpp"

namespace cairn::cli {

OptionGroup inherited_options();
// Throws ArgumentError.
void take_inherited_options(const Given& given, restart::Options& options);

}  // namespace cairn::cli
