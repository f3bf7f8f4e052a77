// SPDX-License-Identifier: Apache-2.0
#include "core/cli/checkpoint_progress.hpp"

#include <cstdio>

#include "core/base/text.hpp"

namespace cairn::cli {
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

void CheckpointProgress::show(const cairn_control_reply& reply) {
  const Clock::time_point now = Clock::now();
  const double since = std::chrono::duration<double>(now - last_).count();
  if (since > 0 && reply.statistics.bytes >= last_bytes_) {
    const double present = static_cast<double>(reply.statistics.bytes - last_bytes_) / since;
    rate_ = rate_ == 0 ? present : 0.7 * rate_ + 0.3 * present;
  }
  last_ = now;
  last_bytes_ = reply.statistics.bytes;
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  if (!line_.active() || elapsed < kPatience) return;
  char text[128];
  std::snprintf(text, sizeof text, "%-32s %10s  %12s  %.0f s", name_of(reply.state),
                human_size(reply.statistics.bytes).c_str(), human_rate(static_cast<std::uint64_t>(rate_), 1).c_str(),
                elapsed);
  line_.show(text);
}

}  // namespace cairn::cli
