// SPDX-License-Identifier: Apache-2.0
#include "core/state/signals/start.hpp"

#include <sstream>

#include "core/base/proc.hpp"

namespace cairn::state {
namespace {

std::uint64_t ignored_at_start = 0, chosen_before = 0;

std::uint64_t bit(int number) { return 1ULL << (number - 1); }

}  // namespace

void begin_dispositions(const std::string& handed_on) {
  const std::string now(field(read_file("/proc/self/status").value_or(""), "SigIgn"));
  ignored_at_start = to_number(handed_on.empty() ? now : handed_on, 16);
}

std::string dispositions_word() {
  std::ostringstream word;
  word << std::hex << ignored_at_start;
  return word.str();
}

std::uint64_t inherited_signals(const cairn_guest& guest, const SignalsState& now) {
  std::uint64_t result = 0;
  for (int number = 1; number <= signal_count; ++number) {
    const bool ignored = (ignored_at_start & bit(number)) != 0;
    if (now.actions[static_cast<std::size_t>(number - 1)].handler == (ignored ? 1U : 0U)) result |= bit(number);
  }
  return result & ~__atomic_load_n(&guest.chosen_signals, __ATOMIC_SEQ_CST) & ~chosen_before;
}

void note_inherited_signals(std::uint64_t inherited) { chosen_before = ~inherited; }

}  // namespace cairn::state
