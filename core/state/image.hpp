// SPDX-License-Identifier: Apache-2.0
// A context file, read and understood: what there is to revive. Nothing of it has been believed to be sane beyond
// its own form; the functions of this directory check against this machine before they act.
#pragma once

#include <string>
#include <vector>

#include "core/context/reader.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/process/state.hpp"
#include "core/state/signals/state.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {

struct Image {
  context::Reader reader;
  ProcessState process;
  GuestState guest;
  ThreadsState threads;
  FilesState files;
  SignalsState signals;
  TimersState timers;
  std::vector<std::uint8_t> extension;
};

// Opens and decodes. Throws PermanentError (damaged, of an unknown version, contradictory) or EnvironmentError.
Image read_image(const std::string& path);

// Whether this machine and this host can run it at all: CPU, register state, versions. Throws PermanentError or
// EnvironmentError that name what is missing. Must be called before anything of the guest exists.
void check_machine(const Image& image);

}  // namespace cairn::state
