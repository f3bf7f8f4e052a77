// SPDX-License-Identifier: Apache-2.0
// Dispositions, pending signals and POSIX timers. Ordinary code on the main thread, which blocks all signals.
#pragma once

#include <map>

#include "core/state/image.hpp"

namespace cairn::state {

// The thread numbers of the image and those of now.
using ThreadNumbers = std::map<int, int>;

void restore_actions(const Image& image);
// After the threads exist; they still wait, with all signals blocked.
void restore_pending(const Image& image, const ThreadNumbers& numbers);
// Throws EnvironmentError if a timer cannot have its number back.
void restore_posix_timers(const Image& image, const ThreadNumbers& numbers);

}  // namespace cairn::state
