// SPDX-License-Identifier: Apache-2.0
// The rank's agent (mpi/abi/agent.h), called with the guest's thread pointer: each function crosses by itself. The
// host's table of functions is fetched at every use's first need and forgotten before a cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mpi/abi/agent.h"

namespace cairn::crcp::agent {

bool present() noexcept;  // false in a host without an agent
void forget() noexcept;   // the host is about to change
int start() noexcept;
int request(cairn_agent_request& out) noexcept;
int rank() noexcept;
int size() noexcept;
int fence_begin(const std::vector<std::uint8_t>& data) noexcept;
int fence_test() noexcept;
bool part(int rank, std::vector<std::uint8_t>& bytes);
// CAIRN_AGENT_PASSED, ..._OVER or, to be asked again, ..._UNDECIDED.
int verdict(std::uint64_t step, bool pass) noexcept;
void progress(const char* text) noexcept;
void doing(const std::vector<cairn_agent_activity>& threads,
           const std::string& late_on) noexcept;  // or nothing: an older host
void gives_up(const std::string& own) noexcept;   // or nothing: an older host
void want_close() noexcept;
int closed() noexcept;

// Tells the host what a restart must bring back.
void tell_initialized(int required, int provided) noexcept;
void tell_finalized() noexcept;
void tell_about_to_initialize() noexcept;
// Forgets what was told before.
void forget_open_files() noexcept;
void tell_open_file(const char* path, bool written, std::uint64_t device, std::uint64_t inode) noexcept;
// Where it is after this restart.
std::string place_of(const std::string& path);
// Shared memory of a window, in a restart: the host's descriptor of it, or -1; until it forgets it.
int window_memory(const void* start) noexcept;
void forget_window_memory(const void* start) noexcept;
// All ranks alike: some have memory in common, of which all must write the same.
void tell_common_memory(bool exists) noexcept;

}  // namespace cairn::crcp::agent
