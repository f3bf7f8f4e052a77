// SPDX-License-Identifier: Apache-2.0
#include "core/state/starter/terminal.hpp"

#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "core/state/descriptors/terminal_pair.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

constexpr tcflag_t kOutputFields[] = {NLDLY, CRDLY, TABDLY, BSDLY, VTDLY, FFDLY};
constexpr tcflag_t kSpeed = CBAUD | CIBAUD;

// The bits of a field are one value.
std::uint32_t whole_field(std::uint32_t mask, std::uint32_t field) { return (mask & field) != 0 ? mask | field : mask; }

template <class Combine>
TerminalModes by_word(const TerminalModes& a, const TerminalModes& b, const Combine& combine) {
  TerminalModes result;
  result.input = combine(a.input, b.input);
  result.output = combine(a.output, b.output);
  result.control = combine(a.control, b.control);
  result.local = combine(a.local, b.local);
  for (std::size_t i = 0; i < result.characters.size(); ++i)
    result.characters[i] = static_cast<std::uint8_t>(combine(a.characters[i], b.characters[i]));
  return result;
}

}  // namespace

std::optional<TerminalModes> modes_of(int fd) {
  termios now{};
  if (tcgetattr(fd, &now) != 0) return std::nullopt;
  TerminalModes modes{now.c_iflag, now.c_oflag, now.c_cflag, now.c_lflag, {}};
  std::copy_n(now.c_cc, modes.characters.size(), modes.characters.begin());
  return modes;
}

TerminalModes difference(const TerminalModes& a, const TerminalModes& b) {
  TerminalModes mask = by_word(a, b, [](std::uint32_t x, std::uint32_t y) { return x ^ y; });
  for (tcflag_t field : kOutputFields) mask.output = whole_field(mask.output, field);
  mask.control = whole_field(mask.control & ~kSpeed, CSIZE);
  for (std::uint8_t& character : mask.characters) character = character != 0 ? 0xff : 0;
  return mask;
}

TerminalModes united(const TerminalModes& a, const TerminalModes& b) {
  return by_word(a, b, [](std::uint32_t x, std::uint32_t y) { return x | y; });
}

TerminalModes combined(const TerminalModes& there, const TerminalModes& wanted, const TerminalModes& mask) {
  const TerminalModes kept = by_word(there, mask, [](std::uint32_t x, std::uint32_t m) { return x & ~m; });
  const TerminalModes taken = by_word(wanted, mask, [](std::uint32_t x, std::uint32_t m) { return x & m; });
  return united(kept, taken);
}

bool set_modes(int fd, const TerminalModes& modes) {
  termios now{};
  if (tcgetattr(fd, &now) != 0) return false;
  now.c_iflag = modes.input;
  now.c_oflag = modes.output;
  now.c_cflag = modes.control;
  now.c_lflag = modes.local;
  std::copy(modes.characters.begin(), modes.characters.end(), now.c_cc);
  return tcsetattr(fd, TCSANOW, &now) == 0;
}

int controlling_terminal() {
  for (int fd : host::guest_fds()) {
    struct stat status {};
    // A master tells the foreground of its slave, which is another's terminal.
    if (tcgetpgrp(fd) >= 0 && fstat(fd, &status) == 0 && !is_terminal_master(status)) return fd;
  }
  return -1;
}

bool in_foreground(int terminal) { return terminal >= 0 && tcgetpgrp(terminal) == getpgrp(); }

}  // namespace cairn::state
