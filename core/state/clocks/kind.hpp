// SPDX-License-Identifier: Apache-2.0
// The guest's clocks go on from where they stood: on another boot those of the machine, and always those of processor
// time. Rows and functions of the kind.
#pragma once

#include "core/state/clocks/state.hpp"
#include "core/state/image.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// The clock of processor time of a thread of this process, for clock_gettime().
constexpr clockid_t thread_clock(int tid) {
  constexpr int kScheduled = 2, kOfThread = 4;
  return static_cast<clockid_t>(~static_cast<unsigned>(tid) << 3 | kOfThread | kScheduled);
}
// What getrusage() and the like say of it without Cairn.
host::ThreadTime thread_time(int tid);
cairn_usage process_usage(int who);

// How far this process's time namespace is ahead of the boot's own clocks: monotonic and boottime.
host::BootClocks namespace_ahead();

// The machine's clocks as the kernel shows them to this process at one moment. The coarse one stands between two ticks.
struct BootReadings {
  std::int64_t monotonic = 0, coarse = 0, raw = 0, boottime = 0, ticks = 0;
};
// What a guest of another boot must be ahead of them: no clock of its goes back, and each goes on from where it stood,
// but for less than a tick.
host::BootClocks ahead_of(const BootReadings& now, const ClocksState& saved) noexcept;

std::vector<std::uint8_t> capture_clocks(Capture& capture);
void read_clocks(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version);
void check_clocks(const Image& image);
std::unique_ptr<Reviver> prepare_clocks(Restart& restart);

}  // namespace cairn::state
