// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace cairn::launcher {

// Splits a command line the way a shell does: blanks, '...', "..." and backslashes; no expansion of anything.
// Throws ArgumentError if a quote is left open.
std::vector<std::string> split_words(const std::string& text);
// The reverse: one line that a shell reads as these words.
std::string quoted(const std::vector<std::string>& words);

}  // namespace cairn::launcher
