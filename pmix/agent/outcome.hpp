// SPDX-License-Identifier: Apache-2.0
// What has become of this rank in one order of the log, for the log thread alone; and bytes of fences as texts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "pmix/agent/agent.hpp"

namespace cairn::pmix {

struct Agent::Outcome {
  bool saved = false;      // its memory is written, perhaps in the background still
  bool stands = false;     // with `term`: the guest has been saved and not released
  bool keep_file = false;  // although the program goes on: nobody knows whether the manifest has it
  double may_stand = 0;    // seconds from the start of the order
  Stopwatch since_order;
  std::string path;
  RankResult result;

  void fail(const std::exception& e) {
    result.code = code_of(e);
    result.text = e.what();
  }
};

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace cairn::pmix
