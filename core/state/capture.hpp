// SPDX-License-Identifier: Apache-2.0
// Describes the guest: what the kernel holds for it, in the plain values of */state.hpp. Ordinary code on a
// host thread. The functions that say so need the guest's threads to stand; the others may be called at any time
// (obstacle() does), and then describe a moving target.
//
// What cannot be saved is refused by name: TemporaryError where it may go away by itself, PermanentError where
// it belongs to the program.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/abi/guest_table.h"
#include "core/context/area.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/process/state.hpp"
#include "core/state/signals/state.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {

// --- capture_process.cpp ---
// Children, tracers, filters: what stands in the way whatever the process does. Throws.
void check_process();
ProcessState capture_process();

// --- capture_threads.cpp: the guest stands ---
ThreadsState capture_threads(const cairn_guest& guest);

// --- capture_signals.cpp ---
// Throws for a handler that was installed behind libc's back.
void check_handlers(const cairn_guest& guest);
TimersState capture_timers();
// Looks at pending signals by taking them out of the process's queue; the destructor puts them back. The guest
// stands.
class TakenSignals {
 public:
  explicit TakenSignals(const cairn_guest& guest);
  ~TakenSignals();
  TakenSignals(const TakenSignals&) = delete;
  TakenSignals& operator=(const TakenSignals&) = delete;
  const SignalsState& state() const noexcept { return state_; }

 private:
  SignalsState state_;
};

// --- capture_files.cpp ---
// Remembers what the process was started with at 0, 1 and 2. Before the guest may change it; the first call counts.
void note_standard_files() noexcept;
FilesState capture_files();

// --- capture_areas.cpp ---
std::vector<Area> capture_areas(std::uint64_t brk_start, std::uint64_t brk_end);
// Writes shared file mappings back to their files, by which they are saved. Throws EnvironmentError.
void write_back(const std::vector<Area>& areas);

}  // namespace cairn::state
