// SPDX-License-Identifier: Apache-2.0
#include "core/cli/progress.hpp"

#include <unistd.h>

#include <cstdio>

#include "core/cli/tool.hpp"

namespace cairn::tools {
namespace {

constexpr double kPatience = 1.0;  // seconds before the first line

const char* name_of(std::uint32_t state) {
  switch (state) {
    case CAIRN_CONTROL_STOPPING:
      return "waiting for the process to stop";
    case CAIRN_CONTROL_SAVING:
      return "writing while it stands";
    case CAIRN_CONTROL_WRITING:
      return "writing while it goes on";
    default:
      return "starting";
  }
}

}  // namespace

Progress::Progress(bool quiet)
    : active_(!quiet && isatty(STDERR_FILENO) == 1), begin_(Clock::now()), last_(Clock::now()) {}

void Progress::show(const cairn_control_reply& reply) {
  const Clock::time_point now = Clock::now();
  const double since = std::chrono::duration<double>(now - last_).count();
  if (since > 0 && reply.statistics.bytes >= last_bytes_) {
    const double present = static_cast<double>(reply.statistics.bytes - last_bytes_) / since;
    rate_ = rate_ == 0 ? present : 0.7 * rate_ + 0.3 * present;
  }
  last_ = now;
  last_bytes_ = reply.statistics.bytes;
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  if (!active_ || elapsed < kPatience) return;
  std::fprintf(stderr, "\r%-32s %10s  %10s/s  %.0f s\033[K", name_of(reply.state),
               human_bytes(static_cast<double>(reply.statistics.bytes)).c_str(), human_bytes(rate_).c_str(), elapsed);
  shown_ = true;
}

void Progress::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace cairn::tools
