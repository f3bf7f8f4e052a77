// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/times.h>

#include <algorithm>
#include <limits>

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

bool is_same_boot(const Image& image) {
  const Clocks& saved = image.get<ProcessState>().clocks;
  const std::string boot = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  if (saved.boot_id.empty() || !boot.starts_with(saved.boot_id)) return false;
  // Older files do not say in which time namespace they read it.
  return image.get<ClocksState>().known || clock_now(CLOCK_MONOTONIC) >= saved.monotonic;
}

BootReadings read_boot_clocks() noexcept {
  tms ignored{};
  BootReadings now;
  now.coarse = clock_now(CLOCK_MONOTONIC_COARSE);  // first: not ahead of the others
  now.monotonic = clock_now(CLOCK_MONOTONIC);
  now.raw = clock_now(CLOCK_MONOTONIC_RAW);
  now.boottime = clock_now(CLOCK_BOOTTIME);
  now.ticks = times(&ignored);
  return now;
}

// What this process's clocks must be ahead of the kernel's, as it shows them here, for the guest to go on.
host::BootClocks wanted_ahead(const Image& image) {
  const ClocksState& saved = image.get<ClocksState>();
  const Clocks& plain = image.get<ProcessState>().clocks;
  const std::int64_t plain_ahead = image.get<GuestState>().clock_offset;
  if (is_same_boot(image)) {
    if (!saved.known) return {plain_ahead, plain_ahead, 0, plain_ahead};
    const host::BootClocks space = namespace_ahead();
    return {saved.monotonic_ahead - space.monotonic, saved.boottime_ahead - space.boottime, saved.ticks_ahead,
            saved.raw_ahead - space.monotonic};
  }
  const BootReadings now = read_boot_clocks();
  if (saved.known) return ahead_of(now, saved);
  ClocksState older;
  older.monotonic = older.raw = plain.monotonic + plain_ahead;
  older.boottime = plain.boottime + plain_ahead;
  older.ticks = now.ticks;
  return ahead_of(now, older);
}

std::string offset_line(const char* clock, std::int64_t offset) {
  std::int64_t seconds = offset / nanoseconds_per_second, nanoseconds = offset % nanoseconds_per_second;
  if (nanoseconds < 0) {
    nanoseconds += nanoseconds_per_second;
    --seconds;
  }
  return std::string(clock) + " " + std::to_string(seconds) + " " + std::to_string(nanoseconds) + "\n";
}

// A time namespace of this process's own, where the user may have one (CAP_SYS_ADMIN).
bool enter_namespace(const host::BootClocks& wanted) noexcept {
  if (unshare(CLONE_NEWTIME) != 0) return false;
  const host::BootClocks present = namespace_ahead();  // a new one begins with its parent's
  const std::string text = offset_line("monotonic", present.monotonic + wanted.monotonic) +
                           offset_line("boottime", present.boottime + wanted.boottime);
  if (!write_file("/proc/self/timens_offsets", text)) return false;
  const UniqueFd space(open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
  return space && setns(space.get(), CLONE_NEWTIME) == 0;
}

cairn_usage since(const cairn_usage& saved, const cairn_usage& now) {
  cairn_usage ahead{saved.user_us - now.user_us, saved.system_us - now.system_us, {}};
  ahead.counts[0] = saved.counts[0];
  for (int i = 1; i < CAIRN_USAGE_COUNTS; ++i) ahead.counts[i] = saved.counts[i] - now.counts[i];
  return ahead;
}

class ClocksReviver : public Reviver {
 public:
  explicit ClocksReviver(Restart& restart) : restart_(restart), saved_(restart.image.get<ClocksState>()) {}
  void restore(Stage stage) override {
    if (stage == Stage::early) continue_boot_clocks();
    if (stage == Stage::memory) host::set_boot_clocks_ahead(ahead_);
    if (stage == Stage::go && saved_.known) continue_processor_time();
  }

 private:
  void continue_boot_clocks() {
    ahead_ = wanted_ahead(restart_.image);
    if ((ahead_.monotonic == 0 && ahead_.boottime == 0) || !enter_namespace(ahead_)) return;
    ahead_.raw -= ahead_.monotonic;  // which a namespace moves by as much
    ahead_.monotonic = ahead_.boottime = 0;
  }

  // What the host has used for the restart is not the guest's.
  void continue_processor_time() {
    host::ProcessorTime ahead;
    for (const ThreadClock& thread : saved_.threads) {
      const int tid = current_number(restart_.numbers, thread.tid);
      if (tid == 0) continue;
      const host::ThreadTime now = thread_time(tid);
      ahead.threads.push_back(
          {tid, thread.processor - now.processor, thread.user_us - now.user_us, thread.system_us - now.system_us});
    }
    ahead.own = since(saved_.own.value, process_usage(RUSAGE_SELF));
    ahead.children = since(saved_.children.value, process_usage(RUSAGE_CHILDREN));
    host::set_processor_time_ahead(std::move(ahead), saved_.processor);
  }

  Restart& restart_;
  const ClocksState& saved_;
  host::BootClocks ahead_;
};

}  // namespace

// The last that the guest has seen of the coarse clock may be the monotonic clock's own value. Both move together.
host::BootClocks ahead_of(const BootReadings& now, const ClocksState& saved) noexcept {
  const std::int64_t behind = now.monotonic - now.coarse;
  return {saved.monotonic - now.coarse, saved.boottime - (now.boottime - behind), saved.ticks - now.ticks,
          saved.raw - now.raw};
}

// In version 1 the raw clock went as far ahead as the monotonic one.
void read_clocks(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version) {
  std::vector<std::uint8_t> whole(bytes.begin(), bytes.end());
  if (version == 1) whole.insert(whole.end(), sizeof(std::int64_t) * 2, 0);
  auto state = decode<ClocksState>(whole, ClocksState::section_name);
  if (version == 1) {
    state.raw = state.monotonic;
    state.raw_ahead = state.monotonic_ahead;
  }
  image.keep(std::move(state));
}

// So that what is computed from them stays within its type.
void check_clocks(const Image& image) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
  const auto check = [&](std::int64_t value) {
    if (value < -kMost || value > kMost) image.contradiction("its clocks stood where no clock can stand");
  };
  const ClocksState& saved = image.get<ClocksState>();
  const Clocks& plain = image.get<ProcessState>().clocks;
  for (std::int64_t value : {saved.monotonic, saved.boottime, saved.ticks, saved.monotonic_ahead, saved.boottime_ahead,
                             saved.ticks_ahead, saved.raw, saved.raw_ahead, saved.processor, plain.monotonic,
                             plain.boottime, image.get<GuestState>().clock_offset})
    check(value);
  for (const Usage* usage : {&saved.own, &saved.children}) {
    check(usage->value.user_us);
    check(usage->value.system_us);
    for (std::int64_t count : usage->value.counts) check(count);
  }
  for (const ThreadClock& thread : saved.threads) {
    for (std::int64_t value : {thread.processor, thread.user_us, thread.system_us}) check(value);
  }
}

std::unique_ptr<Reviver> prepare_clocks(Restart& restart) { return std::make_unique<ClocksReviver>(restart); }

}  // namespace cairn::state
