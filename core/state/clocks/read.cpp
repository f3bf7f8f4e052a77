// SPDX-License-Identifier: Apache-2.0
// What the kernel says of clocks: both a checkpoint and a restart ask.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "core/base/clock.hpp"
#include "core/base/proc.hpp"
#include "core/state/clocks/kind.hpp"

namespace cairn::state {
namespace {

// "monotonic  -3  250000000"
std::int64_t offset_in(const std::string& table, const char* clock) {
  for (std::string_view line : split_lines(table)) {
    long seconds = 0, nanoseconds = 0;
    char name[32] = "";
    if (std::sscanf(std::string(line).c_str(), "%31s %ld %ld", name, &seconds, &nanoseconds) == 3 &&
        std::string_view(name) == clock)
      return seconds * nanoseconds_per_second + nanoseconds;
  }
  return 0;
}

std::int64_t microseconds(const timeval& t) { return t.tv_sec * 1000000LL + t.tv_usec; }

}  // namespace

host::BootClocks namespace_ahead() {
  const std::string table = read_file("/proc/self/timens_offsets").value_or("");
  return {offset_in(table, "monotonic"), offset_in(table, "boottime"), 0};
}

host::ThreadTime thread_time(int tid) {
  constexpr std::size_t kUser = 14 - 3, kSystem = 15 - 3;  // fields of proc(5), counted from 3
  const auto stat = stat_fields("/proc/self/task/" + std::to_string(tid) + "/stat");
  const std::int64_t tick_us = 1000000 / sysconf(_SC_CLK_TCK);
  const auto in_us = [&](std::size_t i) {
    return i < stat.size() ? static_cast<std::int64_t>(to_number(stat[i])) * tick_us : 0;
  };
  return {tid, clock_now(thread_clock(tid)), in_us(kUser), in_us(kSystem)};
}

cairn_usage process_usage(int who) {
  rusage said{};
  getrusage(static_cast<__rusage_who_t>(who), &said);
  cairn_usage usage{microseconds(said.ru_utime), microseconds(said.ru_stime), {}};
  static_assert(sizeof said - offsetof(rusage, ru_maxrss) == sizeof usage.counts);
  std::memcpy(usage.counts, reinterpret_cast<const char*>(&said) + offsetof(rusage, ru_maxrss), sizeof usage.counts);
  return usage;
}

}  // namespace cairn::state
