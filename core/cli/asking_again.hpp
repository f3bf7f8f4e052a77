// SPDX-License-Identifier: Apache-2.0
// The option --wait of the commands that take checkpoints: what stands in the way may pass. Ordinary code.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"

namespace cairn::cli {

inline constexpr char kWaitHelp[] = "if it cannot be saved at the moment, ask again for up to SEC seconds";

// Calls ask() until it does not throw an error that is temporary, or about a process that may end, or until the time is
// over: then that error is thrown. Gives what ask() returns. `told` gets each new reason.
template <class Ask, class Told>
auto ask_again(double seconds, Ask ask, Told told) {
  constexpr std::chrono::duration<double> kFirst{0.1}, kLongest{2};
  auto pause = kFirst;
  std::string last;
  for (const Deadline deadline(seconds);;) {
    try {
      return ask();
    } catch (const Error& error) {
      const bool passes = error.code() == CAIRN_EXIT_TEMPORARY || error.number() == error_of_other;
      if (!passes || deadline.left() <= 0) throw;
      if (last != error.what()) told(std::string(error.what()));
      last = error.what();
    }
    std::this_thread::sleep_for(std::min(pause, std::chrono::duration<double>(std::max(deadline.left(), 0.0))));
    pause = std::min(2 * pause, kLongest);
  }
}

}  // namespace cairn::cli
