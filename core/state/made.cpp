// SPDX-License-Identifier: Apache-2.0
#include "core/state/made.hpp"

#include <unistd.h>

#include <utility>
#include <vector>

namespace cairn::state {
namespace {

struct Made {
  pid_t by;
  std::function<void()> remove;
};

// Never destroyed: a process that fails may end while it is in use.
std::vector<Made>& all() {
  static auto* const made = new std::vector<Made>;
  return *made;
}

}  // namespace

void note_made(std::function<void()> remove) { all().push_back({getpid(), std::move(remove)}); }

void remove_made() noexcept {
  for (auto one = all().rbegin(); one != all().rend(); ++one) {
    if (one->by == getpid()) one->remove();
  }
  all().clear();
}

void keep_made() noexcept { all().clear(); }

}  // namespace cairn::state
