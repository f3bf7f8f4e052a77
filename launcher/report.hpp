// SPDX-License-Identifier: Apache-2.0
// How the commands talk: errors as a framed topic on stderr, sizes and rates, a progress line on a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.hpp"

namespace cairn::launcher {

// "<command>: <message>" in a frame. Returns the exit code.
int report_error(const std::string& command, const std::string& what, const Error& error);
std::string size_text(std::uint64_t bytes);      // "1.5 GiB"
std::string json_text(const std::string& text);  // quoted and escaped

// One line that is rewritten in place; silent if stderr is no terminal.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  bool active() const { return active_; }
  void show(const std::string& text);
  void clear();

 private:
  bool active_ = false, shown_ = false;
};

}  // namespace cairn::launcher
