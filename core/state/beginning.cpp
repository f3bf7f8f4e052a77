// SPDX-License-Identifier: Apache-2.0
#include "core/state/beginning.hpp"

#include <sstream>
#include <vector>

#include "core/state/settings/inherited.hpp"
#include "core/state/signals/start.hpp"
#include "core/state/starter/kind.hpp"

namespace cairn::state {

void begin(const std::string& handed_on, rlim_t stack_limit) {
  std::vector<std::string> parts;
  std::istringstream in(handed_on);
  for (std::string part; std::getline(in, part, '/');) parts.push_back(part);
  parts.resize(3);
  begin_inheritance(parts[0], stack_limit);
  begin_dispositions(parts[1]);
  begin_with_starter(parts[2]);
}

std::string beginning_word() { return inheritance_word() + "/" + dispositions_word() + "/" + starter_word(); }

}  // namespace cairn::state
