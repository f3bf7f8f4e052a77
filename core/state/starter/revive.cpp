// SPDX-License-Identifier: Apache-2.0
// Set when everything else is done: the terminal is shared with a person. All signals are blocked, so that SIGTTOU
// cannot stop a process which has lost the foreground in this moment.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/process/state.hpp"
#include "core/state/signals/state.hpp"
#include "core/state/starter/kind.hpp"
#include "core/state/starter/terminal.hpp"

namespace cairn::state {
namespace {

class StarterReviver : public Reviver {
 public:
  explicit StarterReviver(Restart& restart) : restart_(restart), state_(restart.image.get<StarterState>()) {}
  void restore(Stage stage) override {
    if (stage != Stage::last) return;
    note_chosen_with_starter(state_);
    if (state_.foreground) restore_terminal();
    restore_flags();
  }

 private:
  void restore_terminal();
  void tell_program(int terminal, bool own_modes);
  void restore_flags();
  void restore_flags_of(int fd, const Description& description);

  Restart& restart_;
  const StarterState& state_;
};

void StarterReviver::restore_terminal() {
  const int terminal = controlling_terminal();
  const auto there = terminal < 0 ? std::nullopt : modes_of(terminal);
  if (!there) return;
  const TerminalModes wanted = combined(*there, state_.modes, state_.chosen_modes);
  const bool other = wanted != *there;
  if (other && !in_foreground(terminal)) {
    restart_.notes.push_back(
        "the program is in the background of its terminal, which keeps the modes it has: those that the program had "
        "set are not set again");
    return;
  }
  if (other && !set_modes(terminal, wanted))
    restart_.notes.push_back(with_errno("the terminal's modes could not be set as the program had them", errno));
  restart_.starter_changed = restart_.starter_changed || other;
  tell_program(terminal, state_.chosen_modes != TerminalModes());
}

// As it is told when it comes to the foreground again, or its window changes.
void StarterReviver::tell_program(int terminal, bool own_modes) {
  winsize size{};
  const bool known = ioctl(terminal, TIOCGWINSZ, &size) == 0;
  if (known && (size.ws_row != state_.rows || size.ws_col != state_.columns)) restart_.signals.push_back(SIGWINCH);
  const bool listens = restart_.image.get<SignalsState>().actions[SIGCONT - 1].handler > 1;
  if (own_modes && listens) restart_.signals.push_back(SIGCONT);
}

void StarterReviver::restore_flags() {
  const auto& files = restart_.image.get<FilesState>();
  for (const Descriptor& descriptor : files.descriptors)
    restore_flags_of(descriptor.number, files.descriptions[descriptor.description]);
}

void StarterReviver::restore_flags_of(int fd, const Description& description) {
  if (description.standard < 0) return;
  const auto number = static_cast<std::size_t>(description.standard);
  const auto chosen = static_cast<long>(state_.chosen_flags[number]);
  const long there = raw_syscall(SYS_fcntl, fd, F_GETFL);
  const long wanted = (there & ~chosen) | (static_cast<long>(state_.flags[number]) & chosen);
  if (chosen == 0 || is_error(there) || wanted == there) return;
  if ((wanted & ~there & O_ASYNC) != 0 && description.owner == restart_.image.get<ProcessState>().pid) {
    raw_syscall(SYS_fcntl, fd, F_SETSIG, description.signal);
    raw_syscall(SYS_fcntl, fd, F_SETOWN, getpid());
  }
  const long result = raw_syscall(SYS_fcntl, fd, F_SETFL, wanted);
  if (is_error(result)) {
    restart_.notes.push_back(
        with_errno("descriptor " + std::to_string(fd) + " cannot have the status flags that the " + "program had set",
                   static_cast<int>(-result)));
  }
  restart_.starter_changed = true;
}

}  // namespace

std::unique_ptr<Reviver> prepare_starter(Restart& restart) { return std::make_unique<StarterReviver>(restart); }

}  // namespace cairn::state
