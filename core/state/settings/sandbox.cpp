// SPDX-License-Identifier: Apache-2.0
#include "core/state/settings/sandbox.hpp"

#include "core/base/proc.hpp"
#include "core/base/seccomp_filters.hpp"

namespace cairn::state {
namespace {

unsigned filters = 0;  // of the first program

}  // namespace

void begin_sandbox(const std::string& handed_on) {
  filters = handed_on.empty() ? seccomp_filters(read_file("/proc/thread-self/status").value_or(""))
                              : static_cast<unsigned>(to_number(handed_on));
}

std::string sandbox_word() { return std::to_string(filters); }

unsigned filters_at_start() noexcept { return filters; }

}  // namespace cairn::state
