// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/short_hash.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/descriptors/terminal_pair.hpp"
#include "core/state/starter/kind.hpp"
#include "core/state/starter/terminal.hpp"

namespace cairn::state {
namespace {

constexpr std::array<std::uint32_t, 4> kFlags{O_APPEND, O_NONBLOCK, O_ASYNC, O_DIRECT};

struct Start {
  std::optional<TerminalModes> modes;  // nothing: it had no terminal
  std::array<std::uint32_t, 3> flags{};
  std::string word;
  StarterState earlier;  // chosen_modes and chosen_flags of an earlier life, or of a program before an exec
};
Start start;

std::uint32_t settable(long flags) {
  std::uint32_t result = 0;
  for (std::uint32_t flag : kFlags) result |= is_error(flags) ? 0 : static_cast<std::uint32_t>(flags) & flag;
  return result;
}

// One hexadecimal digit for each descriptor.
std::string word_of_flags() {
  std::ostringstream word;
  for (std::uint32_t flags : start.flags) {
    unsigned digit = 0;
    for (std::size_t i = 0; i < kFlags.size(); ++i) digit |= (flags & kFlags[i]) != 0 ? 1U << i : 0;
    word << std::hex << digit;
  }
  return word.str();
}

void take_word_of_flags(const std::string& word) {
  for (std::size_t fd = 0; fd < std::min<std::size_t>(word.size(), start.flags.size()); ++fd) {
    const auto digit = to_number(word.substr(fd, 1), 16);
    start.flags[fd] = 0;
    for (std::size_t i = 0; i < kFlags.size(); ++i) start.flags[fd] |= (digit >> i & 1) != 0 ? kFlags[i] : 0;
  }
}

// Only equality counts where the word has no room for all modes (FNV-1a).
std::string word_of_modes() { return start.modes ? short_hash_word(encode(*start.modes)) : "-"; }

TerminalModes everything() {
  TerminalModes mask{~0U, ~0U, ~0U, ~0U, {}};
  mask.characters.fill(0xff);
  return difference(mask, TerminalModes());
}

void capture_terminal(StarterState& now) {
  const int terminal = controlling_terminal();
  if (terminal >= 0 && is_terminal_of_group(terminal)) return;  // saved as a whole, and perhaps just now
  const auto modes = terminal < 0 ? std::nullopt : modes_of(terminal);
  now.foreground = modes.has_value() && in_foreground(terminal);
  if (!now.foreground) return;  // what it has is somebody else's
  winsize size{};
  if (ioctl(terminal, TIOCGWINSZ, &size) == 0) {
    now.rows = size.ws_row;
    now.columns = size.ws_col;
  }
  now.modes = *modes;
  now.chosen_modes = start.earlier.chosen_modes;
  if (start.modes) now.chosen_modes = united(now.chosen_modes, difference(*modes, *start.modes));
}

void capture_flags(StarterState& now) {
  const std::vector<OpenFile> files = guest_files(true);
  for (int number = 0; number < 3; ++number) {
    const auto i = static_cast<std::size_t>(number);
    const auto file =
        std::find_if(files.begin(), files.end(), [number](const OpenFile& f) { return f.standard == number; });
    if (file == files.end() || (file->flags & O_PATH) != 0) continue;
    now.flags[i] = settable(file->flags);
    now.chosen_flags[i] = start.earlier.chosen_flags[i] | (now.flags[i] ^ start.flags[i]);
  }
}

}  // namespace

void begin_with_starter(const std::string& handed_on) {
  const UniqueFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal) start.modes = modes_of(terminal.get());
  for (int fd = 0; fd < 3; ++fd)
    start.flags[static_cast<std::size_t>(fd)] = settable(raw_syscall(SYS_fcntl, fd, F_GETFL));
  start.word = word_of_flags() + word_of_modes();
  if (handed_on.size() <= start.flags.size()) return;
  // A program of the tree has changed the modes before it executed this one: which of them, the word does not say.
  if (handed_on.substr(start.flags.size()) != word_of_modes()) start.earlier.chosen_modes = everything();
  take_word_of_flags(handed_on);
  start.word = handed_on;
}

const std::string& starter_word() { return start.word; }

void note_chosen_with_starter(const StarterState& state) {
  start.earlier.chosen_modes = state.chosen_modes;
  start.earlier.chosen_flags = state.chosen_flags;
}

std::vector<std::uint8_t> capture_starter(Capture& /*capture*/) {
  StarterState now;
  capture_terminal(now);
  capture_flags(now);
  return now == StarterState() ? std::vector<std::uint8_t>() : encode(now);
}

}  // namespace cairn::state
