// SPDX-License-Identifier: Apache-2.0
// Fills struct cairn_thread_settings for the calling thread, in either half. No libc, no thread-local storage: usable
// in signal handlers and between stop and release.
#pragma once

#include <asm/prctl.h>
#include <linux/prctl.h>

#include <cstdint>

#include "core/abi/guest_table.h"
#include "core/base/raw_syscall.hpp"

namespace cairn {

inline void describe_settings(cairn_thread_settings& s) noexcept {
  s = {};
  int value = 0;
  unsigned long nodes = 0;
  const auto note = [&](bool known, std::uint32_t what) { s.told |= known ? what : 0; };
  const auto asked = [](long option) { return raw_syscall(SYS_prctl, option, 0, 0, 0, 0); };
  const long securebits = asked(PR_GET_SECUREBITS), machine_check = asked(PR_MCE_KILL_GET),
             io_flusher = asked(PR_GET_IO_FLUSHER), cpuid = raw_syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0),
             timer_slack = asked(PR_GET_TIMERSLACK);
  note(!is_error(securebits), CAIRN_TOLD_SECUREBITS);
  s.securebits = static_cast<std::uint8_t>(securebits);
  note(!is_error(machine_check), CAIRN_TOLD_MACHINE_CHECK);
  s.machine_check = static_cast<std::uint8_t>(machine_check);
  note(!is_error(io_flusher), CAIRN_TOLD_IO_FLUSHER);
  s.io_flusher = static_cast<std::uint8_t>(io_flusher);
  note(timer_slack > 0 && timer_slack <= UINT32_MAX, CAIRN_TOLD_TIMER_SLACK);
  s.timer_slack = static_cast<std::uint32_t>(timer_slack);
  note(!is_error(cpuid), CAIRN_TOLD_CPUID);
  s.cpuid = static_cast<std::uint8_t>(cpuid);
  note(!is_error(raw_syscall(SYS_prctl, PR_GET_PDEATHSIG, address(&value))), CAIRN_TOLD_DEATH_SIGNAL);
  s.death_signal = static_cast<std::uint8_t>(value);
  note(!is_error(raw_syscall(SYS_prctl, PR_GET_TSC, address(&value))), CAIRN_TOLD_TSC);
  s.tsc = static_cast<std::uint8_t>(value);
  for (long kind = 0; kind < 3; ++kind) {
    const long now = raw_syscall(SYS_prctl, PR_GET_SPECULATION_CTRL, kind, 0, 0, 0);
    note(!is_error(now), CAIRN_TOLD_SPECULATION << kind);
    s.speculation[kind] = static_cast<std::uint8_t>(now);
  }
  note(!is_error(raw_syscall(SYS_get_mempolicy, address(&s.memory_policy), address(&nodes), 64, 0, 0)),
       CAIRN_TOLD_MEMORY_POLICY);
  s.memory_nodes = nodes;
}

}  // namespace cairn
