// SPDX-License-Identifier: Apache-2.0
// What a command shares with the shell that started it, and lends to the program that it stands for: the modes of the
// terminal, and status flags of what is open at 0, 1 and 2. Ordinary code; it throws nothing.
#pragma once

#include <fcntl.h>
#include <termios.h>

#include <array>
#include <optional>

#include "core/base/unique_fd.hpp"

namespace cairn::cli {

class Borrowed {
 public:
  // Remembers what there is now.
  Borrowed() noexcept;
  // Puts it back, whatever has been done to it meanwhile: modes only if we are in the foreground, since they are
  // somebody else's otherwise.
  void put_back() const noexcept;

 private:
  struct Flags {
    int status = -1, signal = 0;
    f_owner_ex owner{};
  };
  UniqueFd terminal_;
  std::optional<termios> modes_;
  std::array<Flags, 3> flags_;
};

}  // namespace cairn::cli
