// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/room.hpp"

#include <algorithm>
#include <string>

#include "core/base/error.hpp"

namespace cairn::state {

void DescriptorRoom::make(std::span<const Descriptor> wanted) {
  const auto highest = std::max_element(wanted.begin(), wanted.end(),
                                        [](const Descriptor& a, const Descriptor& b) { return a.number < b.number; });
  rlimit now{};
  if (highest == wanted.end() || getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  const rlim_t needed = static_cast<rlim_t>(highest->number) + 1;
  if (needed <= now.rlim_cur) return;
  const rlimit higher{needed, std::max(needed, now.rlim_max)};
  if (setrlimit(RLIMIT_NOFILE, &higher) != 0) {
    throw EnvironmentError("the program has descriptor " + std::to_string(highest->number) +
                           " open; the hard limit of open files (ulimit -Hn) is " + std::to_string(now.rlim_max) +
                           " here: raise it");
  }
  before_ = now;
}

void DescriptorRoom::close() {
  if (before_) setrlimit(RLIMIT_NOFILE, &*before_);
  before_.reset();
}

}  // namespace cairn::state
