// SPDX-License-Identifier: Apache-2.0
// Writing to the trace ring (core/abi/trace_event.h). Lock-free; signal-safe; no TLS, no libc: either half, any
// thread, any world. Costs one load while tracing is off.
#pragma once

#include <cstdint>

#include "core/abi/trace_event.h"

namespace cairn::host {

// Maps the ring if CAIRN_TRACE asks for it. Ordinary code, before the plug.
void start_trace();
void trace(std::uint32_t event, std::uint64_t a = 0, std::uint64_t b = 0) noexcept;

}  // namespace cairn::host
