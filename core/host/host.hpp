// SPDX-License-Identifier: Apache-2.0
// The host half of a hosted process: how it comes up, and what its parts offer each other beyond
// core/state/resident.hpp. Ordinary code, host threads only, thread-safe unless it says otherwise.
//
// Order of a first start:   extension.preload, donors, plug, fixed area, brk, stack, guest ld.so, jump
// Order of a restart:       extension.find_places and .before_revive, donors, plug, fixed area, then revive.cpp
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/abi/guest_table.h"
#include "core/abi/host_table.h"
#include "core/state/extension.hpp"
#include "core/state/resident.hpp"

namespace cairn::host {

// The whole life of a hosted process; never returns to a caller that would do anything but return its value.
//   [--cairn-OPTION ...] PROGRAM ARG ...      host a program
//   --cairn-restart OPERAND                   revive
int run(int argc, char** argv, Extension& extension);

// --- the arena (arena.cpp) ---
// Fills every hole above CAIRN_ARENA_TOP with PROT_NONE; afterwards the kernel places mappings in the arena and
// the host's own mmap/malloc carve theirs out of the plug. Once. Throws EnvironmentError, also if anything but
// `reserved` is in the arena already.
void plug(const std::vector<AddressRange>& reserved);
// Maps the fixed area afresh and fills the table and the guest vdso. `generation` as in the table.
void build_fixed_area(std::uint64_t generation);
// Gives the guest a brk heap of its own at [start, current). False with errno where the kernel refuses.
bool set_guest_brk(std::uint64_t start, std::uint64_t current) noexcept;

// --- threads (threads.cpp) ---
// Makes `count` more donors: host threads that lend their thread pointer to guest threads. From then on more are made
// as threads of the guest need them.
void start_donors(unsigned count);
inline constexpr unsigned kUsualDonors = 4;

// --- the guest ---
void set_guest(cairn_guest* guest) noexcept;  // by revive
void set_guest_exe(const std::string& path);

// --- control (control.cpp): the threads behind @cairn/<pid> ---
// First the name: whoever asks for a checkpoint while the process starts or is being brought back is heard later.
void open_control();
// In a copy that fork has made, which has nobody who answers: it may live longer than this process, and whoever has the
// number then wants the name.
void control_after_fork() noexcept;
// Then the thread that hears, and last the checkpoints, taken by the calling thread: once the program stands on its own
// feet.
void start_control();
[[noreturn]] void serve_control();

// --- restart (revive.cpp) ---
// Maps the image named by `context_file` into this fresh host and resumes it; with the processes of its tree, if they
// are saved beside it (core/context/group_index.hpp). Returns only by throwing cairn::Error, with nothing of the guest
// running.
[[noreturn]] void revive(const std::string& context_file, Extension& extension);

}  // namespace cairn::host
