// SPDX-License-Identifier: Apache-2.0
// Numbers of the kernel's interfaces that Debian 12's headers do not have, or only for the kernel's own sources.
#pragma once

#include <linux/membarrier.h>

#include <utility>

namespace cairn::state {

inline constexpr long kSetMdwe = 65, kGetMdwe = 66;                // prctl(), Linux 6.3
inline constexpr long kSetMemoryMerge = 67, kGetMemoryMerge = 68;  // Linux 6.4
inline constexpr long kMembarrierRegistrations = 1 << 9;           // membarrier(), Linux 6.3

// Of membarrier(): what is used, and the registration that it needs.
inline constexpr std::pair<long, unsigned> kMembarriers[] = {
    {MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED},
    {MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE},
    {MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ}};

// ioprio_get(2).
inline constexpr long kIoOfThread = 1;
inline constexpr int kIoBestEffort = 2 << 13;

}  // namespace cairn::state
