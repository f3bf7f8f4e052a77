// SPDX-License-Identifier: Apache-2.0
#include "core/cli/progress_line.hpp"

#include <unistd.h>

#include <cstdio>

#include "core/base/text.hpp"

namespace cairn::cli {

ProgressLine::ProgressLine(bool quiet) : active_(!quiet && ::isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& text) {
  if (!active_) return;
  std::fprintf(stderr, "\r\033[K%s", printable(text).c_str());
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace cairn::cli
