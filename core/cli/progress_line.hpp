// SPDX-License-Identifier: Apache-2.0
// One line on a terminal that is rewritten in place while something takes long.
#pragma once

#include <string>

namespace cairn::cli {

class ProgressLine {
 public:
  // Silent if stderr is no terminal, or if `quiet`.
  explicit ProgressLine(bool quiet = false);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  bool active() const { return active_; }
  void show(const std::string& text);
  void clear();

 private:
  bool active_ = false, shown_ = false;
};

}  // namespace cairn::cli
