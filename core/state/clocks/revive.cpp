// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>

#include "core/base/clock.hpp"
#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/clocks/kind.hpp"
#include "core/state/guest/state.hpp"
#include "core/state/process/state.hpp"

namespace cairn::state {
namespace {

#ifndef CLONE_NEWTIME
constexpr int CLONE_NEWTIME = 0x80;
#endif

struct Shift {
  std::int64_t monotonic = 0, boottime = 0;  // nanoseconds
};

bool is_same_boot(const Clocks& saved) {
  const std::string boot = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  return !saved.boot_id.empty() && boot.starts_with(saved.boot_id) && clock_now(CLOCK_MONOTONIC) >= saved.monotonic;
}

// How far the clocks are behind what the guest has seen.
Shift behind(const Image& image) {
  const Clocks& saved = image.get<ProcessState>().clocks;
  const std::int64_t offset = image.get<GuestState>().clock_offset;
  return {saved.monotonic + offset - clock_now(CLOCK_MONOTONIC), saved.boottime + offset - clock_now(CLOCK_BOOTTIME)};
}

// Offsets are counted from the first namespace; a new one begins with its parent's. "monotonic  -3  250000000"
std::int64_t present_offset(const std::string& table, const char* clock) {
  for (std::string_view line : split_lines(table)) {
    long seconds = 0, nanoseconds = 0;
    char name[32] = "";
    if (std::sscanf(std::string(line).c_str(), "%31s %ld %ld", name, &seconds, &nanoseconds) == 3 &&
        std::string_view(name) == clock)
      return seconds * nanoseconds_per_second + nanoseconds;
  }
  return 0;
}

std::string offset_line(const char* clock, std::int64_t offset) {
  std::int64_t seconds = offset / nanoseconds_per_second, nanoseconds = offset % nanoseconds_per_second;
  if (nanoseconds < 0) {
    nanoseconds += nanoseconds_per_second;
    --seconds;
  }
  return std::string(clock) + " " + std::to_string(seconds) + " " + std::to_string(nanoseconds) + "\n";
}

void continue_clocks(const Image& image) noexcept {
  if (is_same_boot(image.get<ProcessState>().clocks)) return;
  const Shift shift = behind(image);
  if (shift.monotonic <= 0 && shift.boottime <= 0) return;
  if (unshare(CLONE_NEWTIME) != 0) return;
  const std::string table = read_file("/proc/self/timens_offsets").value_or("");
  const std::string text =
      offset_line("monotonic", present_offset(table, "monotonic") + std::max<std::int64_t>(shift.monotonic, 0)) +
      offset_line("boottime", present_offset(table, "boottime") + std::max<std::int64_t>(shift.boottime, 0));
  if (!write_file("/proc/self/timens_offsets", text)) return;
  const UniqueFd space(open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
  if (space) setns(space.get(), CLONE_NEWTIME);  // if not: clock_offset() sees it
}

class ClocksReviver : public Reviver {
 public:
  explicit ClocksReviver(Restart& restart) : image_(restart.image) {}
  void restore(Stage stage) override {
    if (stage == Stage::early) continue_clocks(image_);
  }

 private:
  const Image& image_;
};

}  // namespace

std::unique_ptr<Reviver> prepare_clocks(Restart& restart) { return std::make_unique<ClocksReviver>(restart); }

std::int64_t clock_offset(const Image& image) {
  if (is_same_boot(image.get<ProcessState>().clocks)) return image.get<GuestState>().clock_offset;
  const Shift shift = behind(image);
  return std::max<std::int64_t>(0, std::max(shift.monotonic, shift.boottime));
}

}  // namespace cairn::state
