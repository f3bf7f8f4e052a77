// SPDX-License-Identifier: Apache-2.0
// What in a restart only a thread itself can tell the kernel: system calls that the kinds note for it, and that it
// makes when nothing else needs the rights it had (Stage::own_calls). Plain values; the main thread of a restart.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <vector>

namespace cairn::state {

struct OwnCall {
  const char* what;  // for messages: "its users"
  long number;
  std::array<long, 6> arguments;  // what they point at lives as long as the process
  bool required = true;           // failing, the program must not run
};

// Changing rights may undo other settings, and others may need the rights that are lost.
enum class Turn { before_rights, rights, after_rights };

class OwnCalls {
 public:
  // `thread` as numbered in the image.
  void add(int thread, Turn turn, const OwnCall& call) {
    calls_[thread][static_cast<std::size_t>(turn)].push_back(call);
  }
  // All of a thread, in the order in which they are to be made.
  std::vector<OwnCall> of(int thread) const {
    std::vector<OwnCall> result;
    const auto found = calls_.find(thread);
    if (found == calls_.end()) return result;
    for (const auto& calls : found->second) result.insert(result.end(), calls.begin(), calls.end());
    return result;
  }

 private:
  std::map<int, std::array<std::vector<OwnCall>, 3>> calls_;
};

}  // namespace cairn::state
