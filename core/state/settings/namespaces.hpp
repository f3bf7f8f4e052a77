// SPDX-License-Identifier: Apache-2.0
// The namespaces that a process is in are the place where it was started, and a restart's are another place. Those that
// it has entered since (unshare, setns), alone or before it was executed, cannot be had again.
//
// Ordinary code. Begun once, on the main thread, before anything is changed.
#pragma once

#include <span>
#include <string>

namespace cairn::state {

// Names in /proc/PID/ns.
std::span<const char* const> namespaces_of_threads();

// `handed_on`: the word of the host before, or empty: this is the first.
void begin_namespaces(const std::string& handed_on);
// For the next host.
const std::string& namespaces_word();
// Throws PermanentError.
void check_namespaces();

}  // namespace cairn::state
