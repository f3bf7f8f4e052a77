// SPDX-License-Identifier: Apache-2.0
#include "core/revive/options.hpp"

namespace cairn::revive {

std::string to_text(const Options& options) {
  std::string text;
  for (int signal : options.signals) text += "signal=" + std::to_string(signal) + "\n";
  if (options.started >= 0) text += "started=" + std::to_string(options.started) + "\n";
  if (options.verbose) text += "verbose\n";
  if (options.keep_numbers) text += "keep-numbers\n";
  for (const auto& [from, to] : options.relocate) text += "relocate=" + from + "\t" + to + "\n";
  return text;
}

}  // namespace cairn::revive
