// SPDX-License-Identifier: Apache-2.0
// What our mpirun tells the ranks of its own standard input, in the environment: "INODE OFFSET PATH". Open MPI forwards
// it through pipes, in which nobody knows how much the program has read; so rank 0 opens a regular file itself, at the
// offset that mpirun began with. Plain values; ordinary code.
#pragma once

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

namespace cairn {

struct ForwardedInput {
  std::uint64_t inode = 0;
  std::int64_t offset = 0;
  std::string path;  // absolute; empty: a pipe, or a file that has no name

  // A terminal, /dev/null and the like, or not for rank 0: nothing of it can be lost.
  static ForwardedInput nothing_to_lose() { return {0, -1, ""}; }
  bool can_be_lost() const { return offset >= 0; }

  std::string text() const { return std::to_string(inode) + " " + std::to_string(offset) + " " + path; }
  static std::optional<ForwardedInput> from_text(const std::string& text) {
    ForwardedInput input;
    std::istringstream in(text);
    if (!(in >> input.inode >> input.offset)) return std::nullopt;
    in.get();
    std::getline(in, input.path, '\0');
    return input;
  }
};

inline constexpr const char* forwarded_input_variable = "CAIRN_STANDARD_INPUT";

}  // namespace cairn
