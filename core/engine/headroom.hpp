// SPDX-License-Identifier: Apache-2.0
// How much memory this process may still use: of the machine, and of every control group above it (v1 and v2).
// Ordinary code.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::engine {

struct Headroom {
  std::uint64_t bytes = 0;  // ~0: unlimited
  std::string limit;        // what sets it: "MemAvailable", "/sys/fs/cgroup/job/memory.max"
};

// `root` stands before /proc and /sys, for tests.
Headroom memory_headroom(const std::string& root = "");

// Private memory of this process that a forked copy would share and the process may rewrite: in bytes.
std::uint64_t private_memory(const std::string& root = "");

}  // namespace cairn::engine
