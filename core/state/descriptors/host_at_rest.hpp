// SPDX-License-Identifier: Apache-2.0
// What placing descriptors asks of the resident half, as those of core/state/resident.hpp: core/host implements it.
#pragma once

#include <functional>

namespace cairn::host {

// Runs `work` while no other thread of the host makes or closes descriptors, so that none of its has a low number for a
// moment. Throws what `work` throws, and TemporaryError if the host does not come to rest. Ordinary code.
void with_descriptors_at_rest(const std::function<void()>& work);

// Of a restart, before the program's descriptors have their numbers: what this thread makes meanwhile leaves the host's
// numbers to others, and takes low ones that the program does not have. For what may be many: all of it is closed by
// then.
class LowNumbers {
 public:
  LowNumbers() noexcept;
  ~LowNumbers();
  LowNumbers(const LowNumbers&) = delete;
  LowNumbers& operator=(const LowNumbers&) = delete;
};

}  // namespace cairn::host
