// SPDX-License-Identifier: Apache-2.0
// A copy that fork made of a hosted program, seen from another process: it has no host of its own until it is asked to
// (core/host/adoption.hpp). Ordinary code of commands and hosts; any thread.
#pragma once

#include <sys/types.h>

#include <string>

namespace cairn {

// Whether `pid` is such a copy, and settled: not about to execute a program.
bool is_forked_copy(pid_t pid);
// Asks it to come to a host, and says whether it is one that may: not if it was `asked` before and could not. As it may
// be unable to for the moment it is to be asked again and again until it listens (core/abi/control_address.hpp). A
// process that has become something else does not notice. Throws PermanentError for one that has locked itself up, in
// which nothing could be begun, or would end it.
bool ask_for_host(pid_t pid, bool& asked);
// Whether a child of a hosted program is none that libc has made, and never comes to a host: its program has called
// clone(2) itself. To be asked once it had time to execute a program, if it was about to.
bool is_made_past_libc(pid_t pid);
// Throws PermanentError if a thread of a hosted process, or of such a copy, has put on a seccomp filter, which may end
// it when a signal is sent.
void check_sandbox(pid_t pid);
// Why a copy that was asked has none.
std::string why_no_host(pid_t pid);

}  // namespace cairn
