// SPDX-License-Identifier: Apache-2.0
// What a host has to say to who sits at the terminal of its program: "cairn: MESSAGE". Control characters are shown,
// not sent. Ordinary code; any thread.
#pragma once

#include <cstdio>
#include <string>

#include "core/base/text.hpp"

namespace cairn {

inline void print_message(const std::string& message) {
  std::fprintf(stderr, "cairn: %s\n", printable_lines(message).c_str());
}

}  // namespace cairn
