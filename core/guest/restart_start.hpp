// SPDX-License-Identifier: Apache-2.0
// Starting the command cr_restart as a child that becomes the process it brings back. Ordinary code.
#pragma once

#include <sys/types.h>

#include "core/guest/libcr.h"

namespace cairn::guest {

struct RestartStart {
  const cr_restart_args_t& args;
  int started, messages;  // for the command (core/abi/restart_options.hpp), above standard error
};

// The child's number, or -errno. CR_ENOSUPPORT: the command is not there.
pid_t start_restart(const RestartStart& start);

}  // namespace cairn::guest
